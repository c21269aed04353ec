import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import { AdView } from '../../../bench/quality/ad-view.ts';
import { Learner } from '../../../bench/quality/learner.ts';
import { lookAt } from '../../../bench/quality/look.ts';
import { PilotSeat } from '../../../bench/quality/policies/pilot.ts';
import type { Known, Move } from '../../../bench/quality/policy.ts';
import { strategyFile } from '../../../bench/quality/strategy-file.ts';
import { SCENARIOS } from '../../../bench/quality/scenarios.ts';
import type { Learned } from '../../../src/core/learned.ts';
import { decide } from '../../../src/core/decide.ts';
import type { VerdictKind } from '../../../src/core/decision.ts';

describe('the hot loop', () => {
  for (const id of ['S2', 'S7'])
    it(`does what decide() does with the same evidence (${id})`, () => {
      const strategy = strategyFile('G');
      const scenario = SCENARIOS[id];
      if (scenario === undefined) throw new Error(`no scenario ${id}`);
      const account = makeAccount(scenario, 4, 0, 40);
      const views = account.ads.map((ad) => new AdView(account, ad));
      const learner = new Learner(account, views);
      let learned: readonly Learned[] = [];
      const known: Known = {
        account,
        learned: (campaign) => learned[campaign] ?? fail(),
        pulse: () => null,
        campaign: () => [],
        state: () => {},
        cover: () => {},
        forecast: () => {},
        nextWeek: () => {},
      };
      const seats = views.map((view) => new PilotSeat(view, known));
      const kinds = new Map<VerdictKind, number>();
      for (let k = 0; k < account.steps; k += 72) {
        for (const view of views) view.advance(k, (purchase) => learner.note(view.ad.campaign, purchase));
        if (k % 144 === 0) learned = learner.learn(k);
        const look = lookAt(account, k);
        if (look.hours === 0) continue;
        for (const [at, view] of views.entries()) {
          const seat = seats[at] ?? fail();
          const { verdict } = decide(strategy, seat.evidence(look));
          const { move } = seat.look(strategy, look);
          kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
          const asked: Record<VerdictKind, () => Move | null> = {
            keep: () => null,
            notify: () => null,
            pause: () => ({ on: false }),
            resume: () => ({ on: true }),
            set_bid: () => ({ bidMicros: 'toMicros' in verdict ? verdict.toMicros : null }),
            set_budget: () => ({ dailyBudgetMicros: 'toMicros' in verdict ? verdict.toMicros : null }),
          };
          expect(move).toEqual(asked[verdict.kind]());
          if (move !== null) view.change({ ...view.levers, ...move });
        }
      }
      // A sample in which nothing happened would prove nothing.
      expect(kinds.get('pause') ?? 0).toBeGreaterThan(0);
      expect(kinds.get(id === 'S7' ? 'set_bid' : 'set_budget') ?? 0).toBeGreaterThan(20);
    }, 60_000);
});

function fail(): never {
  throw new Error('missing');
}
