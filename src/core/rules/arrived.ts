import type { EventMetrics } from '../decision.ts';
import { distrust } from './metrics.ts';
import { counted, moneyText, valueText, windowText } from './phrases.ts';
import { type FullScope, type Statistic, type StatisticCall, windowOf } from './statistic.ts';
import { isMissing, type Missing, RuleFault, type Unit } from './value.ts';

const NO_SPEND: Missing = { missing: 'value', why: 'no spend in this window' };
const NO_CONVERSIONS: Missing = { missing: 'value', why: 'no conversion arrived in this window' };

interface Arrived {
  readonly spend: number;
  readonly count: number;
  readonly value: number;
  readonly unconverted: number;
}

const NOTHING: EventMetrics = { conversions: 0, value: 0, unconverted: 0 };

/** What arrived in the window, whichever day its click was. Without an event: all of them. */
function arrivedIn(call: StatisticCall, { full }: FullScope): Arrived | Missing {
  const window = windowOf(call);
  const facts = full.windows[window];
  const byEvent = facts?.arrived;
  if (facts === undefined || byEvent === undefined)
    throw new RuleFault(`the evidence has no arrivals of "${window}"`);
  const doubt = distrust(facts.bounds, full);
  if (doubt !== null) return doubt;
  const { event } = call;
  // "event/type" rows repeat what "event" already holds.
  const keys = event === null ? Object.keys(byEvent).filter((key) => !key.includes('/')) : [event];
  const all = { spend: facts.spend, count: 0, value: 0, unconverted: 0 };
  for (const key of keys) {
    const { conversions, value, unconverted } = byEvent[key] ?? NOTHING;
    all.count += conversions;
    all.value += value;
    all.unconverted += unconverted;
  }
  return all;
}

function revenueOf(call: StatisticCall, scope: FullScope): Arrived | Missing {
  const all = arrivedIn(call, scope);
  if (isMissing(all) || all.unconverted === 0) return all;
  return { missing: 'data', why: `${all.unconverted} conversions wait for an exchange rate` };
}

function arrived(
  method: 'conversions' | 'cpa' | 'revenue' | 'roas',
  unit: Unit,
  read: (all: Arrived) => number | Missing,
): Statistic {
  const ofRevenue = method === 'revenue' || method === 'roas';
  const word = method === 'cpa' || method === 'roas' ? method.toUpperCase() : method;
  return {
    parts: ['window'],
    event: ofRevenue ? 'one-or-all' : 'one',
    type: 'double',
    unit,
    asks: 'arrived',
    plain: method === 'conversions' || method === 'revenue',
    example: `arrived.${method}("3d")`,
    read(call, scope) {
      const all = ofRevenue ? revenueOf(call, scope) : arrivedIn(call, scope);
      return isMissing(all) ? all : read(all);
    },
    said(call, value, { account }) {
      const when = windowText(windowOf(call));
      const number = Number(value);
      if (method === 'conversions') return `${counted(number, call.event ?? 'conversion')} arrived ${when}`;
      if (method === 'revenue') return `${moneyText(number, account.currency)} arrived ${when}`;
      return `${word} ${valueText(number, unit, account.currency)} by arrival ${when}`;
    },
    name: (call) =>
      `${method === 'conversions' ? `${call.event ?? 'conversion'}s` : word} by arrival ${windowText(windowOf(call))}`,
  };
}

/**
 * Counted by the time of the conversion, as ad networks' rules and reports of trackers often do: spend of a window beside
 * conversions of other days' clicks. Here so that such rules can be said and compared.
 */
export const ARRIVED: ReadonlyMap<string, Statistic> = new Map(
  Object.entries({
    conversions: arrived('conversions', 'count', ({ count }) => count),
    cpa: arrived('cpa', 'money', ({ spend, count }) => (count === 0 ? NO_CONVERSIONS : spend / count)),
    revenue: arrived('revenue', 'money', ({ value }) => value),
    roas: arrived('roas', 'ratio', ({ spend, value }) => (spend === 0 ? NO_SPEND : value / spend)),
  }),
);
