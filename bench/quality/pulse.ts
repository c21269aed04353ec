import type { AccountPulse } from '../../src/core/decision.ts';
import type { Learned } from '../../src/core/learned.ts';
import { LONGEST_PULSE_HOURS, tellingWindow } from '../../src/core/learning/pulse.ts';
import { arrived } from '../../src/core/statistics/delay-curve.ts';
import type { GammaPrior } from '../../src/core/statistics/prior.ts';
import type { Account } from './account.ts';
import type { AdView } from './ad-view.ts';
import type { Look } from './look.ts';
import { START_MS, STEP_MS } from './scenarios.ts';
import type { Purchase } from './track.ts';

const HOUR_MS = 3_600_000;
/** Clicks of so many hours are looked at, as in the live pulse. */
const PAST = 72;
/** The longest window that is looked at. */
const LONGEST_MS = LONGEST_PULSE_HOURS * HOUR_MS;
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
  /** By campaign: its curve by age in steps. */
  let curves: readonly (readonly [number, Float64Array])[] = [];
  let rates: readonly number[] = views.map(() => 0);
  let summed = 0;
  let seen: Purchase[] = [];
  let pulse: AccountPulse | null = null;
  return {
    note: (purchase) => seen.push(purchase),
    rates(next, priorOf) {
      curves = used.flatMap((campaign) => {
        const curve = next[campaign]?.curve;
        return curve === undefined ? [] : [[campaign, arrivedBy(curve)] as const];
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
    look({ hours: reported, nowMs, asOfMs }) {
      for (; summed < reported; summed += 1)
        for (const [place, view] of views.entries()) {
          const of = coming[view.ad.campaign];
          if (of) of[summed] = (of[summed] ?? 0) + (rates[place] ?? 0) * (view.hours.spend[summed] ?? 0);
        }
      seen = seen.filter(({ seenMs }) => seenMs > nowMs - LONGEST_MS);
      const k = (nowMs - START_MS) / STEP_MS;
      const due = (steps: number): number => {
        let expected = 0;
        for (const [campaign, shares] of curves) {
          const of = coming[campaign];
          if (of === undefined) continue;
          for (let hour = Math.max(0, summed - PAST); hour < summed; hour += 1) {
            const age = k - (hour + 0.5) * STEPS_AN_HOUR;
            expected += (of[hour] ?? 0) * ((shares[age] ?? 0) - (shares[Math.max(0, age - steps)] ?? 0));
          }
        }
        return expected;
      };
      const window = tellingWindow((within) => ({ expected: due(within * STEPS_AN_HOUR), dispersion: 1 }));
      const lastMs = seen.reduce((last, { seenMs }) => Math.max(last, seenMs), nowMs - LONGEST_MS);
      pulse =
        window === null
          ? null
          : {
              ...window,
              silent: due(Math.floor((nowMs - lastMs) / STEP_MS)),
              seen: seen.filter(
                ({ clickMs, seenMs }) =>
                  seenMs > nowMs - window.hours * HOUR_MS &&
                  clickMs < asOfMs &&
                  clickMs >= asOfMs - PAST * HOUR_MS,
              ).length,
            };
    },
    now: () => pulse,
  };
}

/** Share that has arrived by each age in steps, as far back as anything is waited for. */
function arrivedBy(curve: Learned['curve']): Float64Array {
  // Reports come up to two hours late.
  const shares = new Float64Array((PAST + 2) * STEPS_AN_HOUR);
  for (let age = 0; age < shares.length; age += 1) shares[age] = arrived(curve, age * STEP_MS, 'share');
  return shares;
}
