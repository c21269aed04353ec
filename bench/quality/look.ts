import type { Delivery } from '../../src/core/delivery.ts';
import { PURPOSE, stream } from '../../src/sandbox/market/random.ts';
import type { Account } from './account.ts';
import type { AdView } from './ad-view.ts';
import { DAY_MS, START_MS, STEP_MS, STEPS_A_DAY } from './scenarios.ts';

const HOUR_MS = 3_600_000;

/** One instant at which a policy looks at all ads of an account. */
export interface Look {
  /** Step that begins now. */
  readonly k: number;
  readonly nowMs: number;
  /** Whole hours of the run whose spend is reported. */
  readonly hours: number;
  readonly asOfMs: number;
  /** Whole days before the 72 newest hours; buckets are days up to there and hours after it. */
  readonly wholeDays: number;
  readonly bucketsFromMs: readonly number[];
}

export function lookAt(account: Account, k: number): Look {
  const nowMs = START_MS + k * STEP_MS;
  const lagMs = account.faults === undefined ? 0 : reportLag(account.world.seed, nowMs);
  const hours = Math.max(0, Math.floor((nowMs - lagMs - START_MS) / HOUR_MS));
  const wholeDays = Math.max(0, Math.floor((hours - 72) / 24));
  const bucketsFromMs: number[] = [];
  for (let day = 0; day < wholeDays; day += 1) bucketsFromMs.push(START_MS + day * DAY_MS);
  for (let hour = wholeDays * 24; hour < hours; hour += 1) bucketsFromMs.push(START_MS + hour * HOUR_MS);
  return { k, nowMs, hours, asOfMs: START_MS + hours * HOUR_MS, wholeDays, bucketsFromMs };
}

/** Spend reports come 15 to 60 minutes late where there are faults. */
function reportLag(seed: number, nowMs: number): number {
  return (15 + 45 * stream(seed, 1, PURPOSE.outage, Math.floor(nowMs / HOUR_MS))()) * 60_000;
}

/** What the live system would hold of this ad now: hours near now, days farther back. */
export function deliveryOf(account: Account, view: AdView, look: Look): Delivery {
  const { delivery, conversions } = view;
  if (delivery !== null && delivery.hours === look.hours && delivery.conversions === conversions)
    return delivery.value;
  const value = makeDelivery(account, view, look);
  view.delivery = { hours: look.hours, conversions, value };
  return value;
}

function makeDelivery(account: Account, view: AdView, look: Look): Delivery {
  const { wholeDays, hours } = look;
  // Nothing is known of an ad before it began.
  const firstDay = view.ad.beginsStep / STEPS_A_DAY;
  const from = Math.max(wholeDays, firstDay) * 24;
  const first = firstDay <= wholeDays ? firstDay : from - wholeDays * 23;
  const columns = (days: readonly number[], hourly: readonly number[]): number[] =>
    wholeDays <= firstDay
      ? hourly.slice(from, hours)
      : days.slice(firstDay, wholeDays).concat(hourly.slice(from, hours));
  const spend = columns(view.days.spend, view.hours.spend);
  if (account.faults !== undefined) misreport(account, view, look, spend, first);
  const { byClick } = view;
  return {
    fromMs: first === 0 ? look.bucketsFromMs : look.bucketsFromMs.slice(first),
    toMs: look.asOfMs,
    spend,
    clicks: columns(view.days.clicks, view.hours.clicks),
    events: {
      purchase: {
        conversions: columns(byClick.days, byClick.hours),
        value: columns(byClick.dayValues, byClick.hourValues),
        ...(view.cap === Infinity ? {} : { cappedValue: columns(byClick.dayCapped, byClick.hourCapped) }),
      },
    },
  };
}

/** Spend is restated by up to 2 % on the next day; until then the newest day reads a little high or low. */
export function misreportedShare(account: Account, view: AdView, day: number): number {
  return 0.98 + 0.04 * stream(account.world.seed, view.ad.index, PURPOSE.restate, day)();
}

function misreport(account: Account, view: AdView, look: Look, spend: number[], first: number): void {
  const today = Math.floor((look.hours - 1) / 24);
  const share = misreportedShare(account, view, today);
  for (let hour = today * 24; hour < look.hours; hour += 1) {
    const at = look.wholeDays + hour - look.wholeDays * 24 - first;
    if (at < 0) continue;
    spend[at] = (spend[at] ?? 0) * share;
  }
}
