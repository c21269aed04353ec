import type { AccountPulse } from '../../src/core/decision.ts';
import type { Learned } from '../../src/core/learned.ts';
import { arrived } from '../../src/core/statistics/delay-curve.ts';
import type { GammaPrior } from '../../src/core/statistics/prior.ts';
import type { Account } from './account.ts';
import type { AdView } from './ad-view.ts';
import type { Look } from './look.ts';
import { START_MS } from './scenarios.ts';
import type { Purchase } from './track.ts';

const HOUR_MS = 3_600_000;
/** Hours that are looked at together. */
const HOURS = 6;

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
  let learned: readonly Learned[] = [];
  let rates: readonly number[] = views.map(() => 0);
  let summed = 0;
  let seen: number[] = [];
  let pulse: AccountPulse | null = null;
  return {
    note: ({ seenMs }) => seen.push(seenMs),
    rates(next, priorOf) {
      learned = next;
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
      for (const [campaign, of] of coming.entries()) {
        const curve = learned[campaign]?.curve;
        if (curve === undefined) continue;
        for (let hour = Math.max(0, summed - 14 * 24); hour < summed; hour += 1) {
          const age = nowMs - (START_MS + (hour + 0.5) * HOUR_MS);
          expected +=
            (of[hour] ?? 0) * (arrived(curve, age, 'share') - arrived(curve, age - HOURS * HOUR_MS, 'share'));
        }
      }
      pulse = { expected, seen: seen.length, hours: HOURS, dispersion: 1 };
    },
    now: () => pulse,
  };
}
