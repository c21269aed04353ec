import type { Evidence, WindowMetrics } from '../decision.ts';
import type { WindowBounds } from '../windows.ts';
import { type Missing, RuleFault, type Unit } from './value.ts';

/** What a metric is called with besides its window. */
export type EventUse =
  /** It has no event: spend("7d"). */
  | 'none'
  /** It counts one event, the target's when none is named. */
  | 'one'
  /** It sums one event, or all of them when neither the call nor the target names one. */
  | 'one-or-all';

export interface Metric {
  readonly unit: Unit;
  readonly event: EventUse;
  read(window: WindowMetrics, event: string | null, evidence: Evidence): number | Missing;
}

const NO_SPEND: Missing = { missing: 'value', why: 'no spend in this window' };
const NO_CLICKS: Missing = { missing: 'value', why: 'no click in this window' };
const NO_IMPRESSIONS: Missing = { missing: 'value', why: 'no impression in this window' };
const NO_CONVERSIONS: Missing = { missing: 'value', why: 'no conversion in this window' };
const NO_TRACKING: Missing = { missing: 'data', why: 'no click of this account has been tracked yet' };
const TRACKING_GAP: Missing = { missing: 'data', why: 'the window begins before tracking did' };

/** Why our own counts (visits, conversions, revenue) must not be believed in this window; null when they may. */
export function distrust(bounds: WindowBounds, evidence: Evidence): Missing | null {
  const { health, object } = evidence;
  if (health.conversionsUndefined !== undefined) return { missing: 'data', why: health.conversionsUndefined };
  if (health.trackingSinceMs === null) return NO_TRACKING;
  // An object younger than the window has no clicks before its birth that tracking could have missed.
  if (Math.max(bounds.fromMs, object.createdAtMs) < health.trackingSinceMs) return TRACKING_GAP;
  return null;
}

function conversions(window: WindowMetrics, event: string | null, evidence: Evidence): number | Missing {
  const doubt = distrust(window.bounds, evidence);
  if (doubt !== null) return doubt;
  return event === null ? 0 : (window.conversions[event]?.conversions ?? 0);
}

function revenue(window: WindowMetrics, event: string | null, evidence: Evidence): number | Missing {
  const doubt = distrust(window.bounds, evidence);
  if (doubt !== null) return doubt;
  let sum = 0;
  let waiting = 0;
  for (const key of event === null ? Object.keys(window.conversions) : [event]) {
    // "event/type" rows repeat what "event" already holds.
    if (event === null && key.includes('/')) continue;
    sum += window.conversions[key]?.value ?? 0;
    waiting += window.conversions[key]?.unconverted ?? 0;
  }
  if (waiting > 0) return { missing: 'data', why: `${waiting} conversions wait for an exchange rate` };
  return sum;
}

function map(value: number | Missing, then: (number: number) => number | Missing): number | Missing {
  return typeof value === 'number' ? then(value) : value;
}

const metric = (unit: Unit, event: EventUse, read: Metric['read']): Metric => ({ unit, event, read });

/** Every metric of version 1 by its name in conditions. Money is in major units of the account's currency. */
export const METRICS: ReadonlyMap<string, Metric> = new Map(
  Object.entries({
    spend: metric('money', 'none', (w) => w.spend),
    impressions: metric('count', 'none', (w) => w.impressions),
    clicks: metric('count', 'none', (w) => w.clicks),
    visits: metric('count', 'none', (w, _event, evidence) => distrust(w.bounds, evidence) ?? w.visits),
    conversions: metric('count', 'one', conversions),
    revenue: metric('money', 'one-or-all', revenue),
    profit: metric('money', 'one-or-all', (w, event, evidence) =>
      map(revenue(w, event, evidence), (value) => value - w.spend),
    ),
    cpa: metric('money', 'one', (w, event, evidence) =>
      map(conversions(w, event, evidence), (count) => (count === 0 ? NO_CONVERSIONS : w.spend / count)),
    ),
    roas: metric('ratio', 'one-or-all', (w, event, evidence) =>
      map(revenue(w, event, evidence), (value) => (w.spend === 0 ? NO_SPEND : value / w.spend)),
    ),
    roi: metric('percent', 'one-or-all', (w, event, evidence) =>
      map(revenue(w, event, evidence), (value) => (w.spend === 0 ? NO_SPEND : (value - w.spend) / w.spend)),
    ),
    epc: metric('money', 'one-or-all', (w, event, evidence) =>
      map(revenue(w, event, evidence), (value) => (w.clicks === 0 ? NO_CLICKS : value / w.clicks)),
    ),
    cvr: metric('percent', 'one', (w, event, evidence) =>
      map(conversions(w, event, evidence), (count) => (w.clicks === 0 ? NO_CLICKS : count / w.clicks)),
    ),
    ctr: metric('percent', 'none', (w) => (w.impressions === 0 ? NO_IMPRESSIONS : w.clicks / w.impressions)),
    cpc: metric('money', 'none', (w) => (w.clicks === 0 ? NO_CLICKS : w.spend / w.clicks)),
    cpm: metric('money', 'none', (w) =>
      w.impressions === 0 ? NO_IMPRESSIONS : (w.spend / w.impressions) * 1000,
    ),
  }),
);

/**
 * One metric of the object under judgement.
 *
 * @param event "purchase" or "install/reinstall"; null where the metric sums all events.
 * @throws RuleFault when the evidence lacks the window or holds a number that is none: never a quiet 0.
 */
export function readMetric(
  name: string,
  event: string | null,
  window: string,
  evidence: Evidence,
): number | Missing {
  const facts = evidence.windows[window];
  const known = METRICS.get(name);
  if (known === undefined) throw new RuleFault(`no such metric: ${name}`);
  if (facts === undefined) throw new RuleFault(`the evidence has no window "${window}"`);
  const value = known.read(facts, event, evidence);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RuleFault(`${name}("${window}") is not a number: ${value}`);
  // -0 would not survive a stored record.
  return value === 0 ? 0 : value;
}
