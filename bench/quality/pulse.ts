import type { AccountPulse } from '../../src/core/decision.ts';
import type { Learned } from '../../src/core/learned.ts';
import { arrived } from '../../src/core/statistics/delay-curve.ts';
import type { GammaPrior } from '../../src/core/statistics/prior.ts';
import type { Account } from './account.ts';
import type { AdView } from './ad-view.ts';
import type { Look } from './look.ts';
import { START_MS, STEP_MS } from './scenarios.ts';
import type { Purchase } from './track.ts';

const HOUR_MS = 3_600_000;
/** Hours that are looked at together. */
const HOURS = 6;
/** How long ago spend may be and still be waited for, in hours. */
const PAST = 14 * 24;
const STEPS_AN_HOUR = HOUR_MS / STEP_MS;

/** Keeps what an account's conversions of the last hours should be, and what they are. */
export interface PulseKeeper {
  note(purchase: Purchase): void;
  rates(learned: readonly Learned[], priorOf: (learned: Learned) => GammaPrior): void;
  look(look: Look): void;
  now(): AccountPulse | null;
}

export type Pulse = PulseKeeper | null;

export function keepPulse(account: Account, views: readonly AdView[]): PulseKeeper {
  const hours = (account.steps / 144) * 24;
  /** By campaign and hour of spend: conversions it will bring by what is known of each ad. */
  const coming = Array.from({ length: account.world.plan.campaigns.length }, () => new Float64Array(hours));
  const used = [...new Set(views.map((view) => view.ad.campaign))];
  /** By campaign and age in steps: share of conversions that arrives within the hours before that age. */
  let newly: readonly (readonly [number, Float64Array])[] = [];
  let rates: readonly number[] = views.map(() => 0);
  let summed = 0;
  let seen: number[] = [];
  let pulse: AccountPulse | null = null;
  return {
    note: ({ seenMs }) => seen.push(seenMs),
    rates(next, priorOf) {
      newly = used.flatMap((campaign) => {
        const curve = next[campaign]?.curve;
        return curve === undefined ? [] : [[campaign, arrivingAt(curve)] as const];
      });
      rates = views.map((view) => {
        const of = next[view.ad.campaign];
        if (of === undefined) return 0;
        const prior = priorOf(of);
        let matured = 0;
        const days = Math.floor(summed / 24);
        for (let day = 0; day < days; day += 1)
          matured +=
            (view.days.spend[day] ?? 0) * arrived(of.curve, (days - day - 0.5) * 24 * HOUR_MS, 'share');
        return (prior.a + view.conversions) / (prior.b + matured);
      });
    },
    look({ hours: reported, nowMs }) {
      for (; summed < reported; summed += 1)
        for (const [place, view] of views.entries()) {
          const of = coming[view.ad.campaign];
          if (of) of[summed] = (of[summed] ?? 0) + (rates[place] ?? 0) * (view.hours.spend[summed] ?? 0);
        }
      const sinceMs = nowMs - HOURS * HOUR_MS;
      seen = seen.filter((at) => at > sinceMs);
      let expected = 0;
      const k = (nowMs - START_MS) / STEP_MS;
      for (const [campaign, shares] of newly) {
        const of = coming[campaign];
        if (of === undefined) continue;
        for (let hour = Math.max(0, summed - PAST); hour < summed; hour += 1)
          expected += (of[hour] ?? 0) * (shares[k - (hour + 0.5) * STEPS_AN_HOUR] ?? 0);
      }
      pulse = { expected, seen: seen.length, hours: HOURS, dispersion: 1 };
    },
    now: () => pulse,
  };
}

/** Shares that arrive within `HOURS` before each age of whole steps, as far back as anything is waited for. */
function arrivingAt(curve: Learned['curve']): Float64Array {
  // Reports come up to two hours late.
  const shares = new Float64Array((PAST + 2) * STEPS_AN_HOUR);
  for (let age = 0; age < shares.length; age += 1)
    shares[age] =
      arrived(curve, age * STEP_MS, 'share') -
      arrived(curve, (age - HOURS * STEPS_AN_HOUR) * STEP_MS, 'share');
  return shares;
}
