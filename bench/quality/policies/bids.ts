import { clickValueBid, limitedStep } from '../../../src/core/statistics/bids.ts';
import { maturedSince } from '../../../src/core/statistics/exposure.ts';
import { shrunkCpa } from '../../../src/core/statistics/posterior.ts';
import { coldPrior } from '../../../src/core/statistics/prior.ts';
import type { AdView } from '../ad-view.ts';
import { deliveryOf, type Look } from '../look.ts';
import { DAILY, type Known, type Move, type Policy } from '../policy.ts';
import { type Scenario, TARGET } from '../scenarios.ts';

/** Bids in whole cents, never below one. */
const cents = (micros: number): number => Math.max(10_000, Math.round(micros / 10_000) * 10_000);
const bidsOnly = (scenario: Scenario): number | null => (scenario.bidding === true ? DAILY : null);

/** A fifth up or down each day on the CPA of three days, conversions by their own time. */
function nudge(id: string, multiple: number): Policy {
  return {
    id,
    title: `bids: ±20 % a day on CPA[3 d], aiming at ${multiple} T`,
    every: bidsOnly,
    revives: false,
    learns: null,
    start: () => (view, look) => {
      const bid = view.levers.bidMicros;
      const today = Math.floor((look.hours - 1) / 24);
      let [spend, conversions] = [0, 0];
      for (let day = Math.max(0, today - 2); day <= today; day += 1) {
        spend += view.days.spend[day] ?? 0;
        conversions += view.byArrival.days[day] ?? 0;
      }
      if (bid === null || spend < TARGET) return null;
      const cpa = conversions === 0 ? Infinity : spend / conversions;
      return { bidMicros: cents(bid * (cpa > multiple * TARGET ? 0.8 : 1.2)) };
    },
  };
}

function clickTotals(known: Known, view: AdView, look: Look) {
  const { curve } = known.learned(view.ad.campaign);
  const [all] = maturedSince({
    delivery: deliveryOf(known.account, view, look),
    event: 'purchase',
    curve,
    line: 'share',
    nowMs: look.nowMs,
    startsMs: [0],
  });
  if (all === undefined) throw new Error('maturedSince gave nothing for one start');
  return all;
}

/** Target × shrunk conversions per click, as section 5.1 has it, without the engine around it. */
function valueBid(id: string, corrected: boolean): Policy {
  return {
    id,
    title: `bids: target × shrunk${corrected ? ', matured' : ''} conversion rate, ±30 %, dead band 15 %`,
    every: bidsOnly,
    revives: false,
    learns: {},
    start: (known) => (view, look) => {
      const bid = view.levers.bidMicros;
      const { clickPrior } = known.learned(view.ad.campaign);
      if (bid === null || clickPrior === null) return null;
      const { conversions, clicks, maturedClicks } = clickTotals(known, view, look);
      const wanted = clickValueBid({
        targetCpa: TARGET,
        clickPrior,
        conversions,
        maturedClicks: corrected ? maturedClicks : clicks,
      });
      const to = limitedStep(bid / 1e6, wanted, { step: 0.3, deadBand: 0.15 });
      return to === null ? null : { bidMicros: cents(to * 1e6) };
    },
  };
}

/** A proportional-integral controller on log bids, fed with the shrunk, matured CPA; it aims at the average. */
const CONTROLLER: Policy = {
  id: 'PID',
  title: 'bids: PID controller on the shrunk, matured CPA, aiming at .65 T on average',
  every: bidsOnly,
  revives: false,
  learns: {},
  start: (known) => {
    const state = new Map<AdView, { sum: number; last: number }>();
    return (view, look): Move | null => {
      const bid = view.levers.bidMicros;
      if (bid === null) return null;
      const { conversions, matured } = clickTotals(known, view, look);
      const prior = known.learned(view.ad.campaign).prior ?? coldPrior(TARGET);
      const aim = 0.65 * TARGET;
      const error = (aim - shrunkCpa(prior, conversions, matured)) / aim;
      const before = state.get(view) ?? { sum: 0, last: error };
      const wanted = 0.3 * error + 0.05 * (before.sum + error) + 0.1 * (error - before.last);
      const clipped = Math.min(0.2, Math.max(-0.2, wanted));
      // The sum stands still while the answer is clipped.
      state.set(view, { sum: clipped === wanted ? before.sum + error : before.sum, last: error });
      return Math.abs(clipped) < 0.02 ? null : { bidMicros: cents(bid * Math.exp(clipped)) };
    };
  },
};

export const BIDS: readonly Policy[] = [
  nudge('N', 1),
  nudge('N65', 0.65),
  valueBid('V', true),
  valueBid('Vn', false),
  CONTROLLER,
];
