import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../bench/quality/account.ts';
import type { AdsetLevers } from '../../../bench/quality/ad-runner.ts';
import { AdView } from '../../../bench/quality/ad-view.ts';
import { lookAt } from '../../../bench/quality/look.ts';
import { windowHours } from '../../../bench/quality/policies/rules.ts';
import { SCENARIOS, type Scenario, START_MS, STEP_MS } from '../../../bench/quality/scenarios.ts';
import { readWindow, windowBounds } from '../../../src/core/windows.ts';
import { createMarket, step } from '../../../src/sandbox/market/market.ts';
import type { Visit } from '../../../src/sandbox/market/ad-step.ts';
import { type Levers, startingLevers } from '../../../src/sandbox/market/plan.ts';

const HOUR_MS = 3_600_000;

function scenario(id: string, more: Partial<Scenario> = {}): Scenario {
  const found = SCENARIOS[id];
  if (found === undefined) throw new Error(`no scenario ${id}`);
  return { ...found, days: 6, size: { campaigns: 2, adsPerCampaign: 2, pastPerCampaign: 0 }, ...more };
}

/** Changes of levers by step and ad: some in the middle of an hour and of a day, some of them significant edits. */
type Change = Partial<AdsetLevers> | ((levers: AdsetLevers) => Partial<AdsetLevers>);
const changed = (levers: AdsetLevers, change: Change): AdsetLevers => ({
  ...levers,
  ...(typeof change === 'function' ? change(levers) : change),
});
const CHANGES: readonly (readonly [number, number, Change])[] = [
  [101, 0, { on: false }],
  [230, 0, { on: true }],
  // Small enough that what the platform has learned is kept.
  [290, 2, ({ dailyBudgetMicros: was }) => ({ dailyBudgetMicros: was === null ? null : was - 10_000 })],
  [305, 1, { dailyBudgetMicros: 20_000_000 }],
  [306, 1, { dailyBudgetMicros: 21_000_000 }],
  [433, 2, { bidMicros: 700_000 }],
  [580, 1, { dailyBudgetMicros: 90_000_000 }],
  [701, 2, { on: false }],
  [702, 3, { on: false, dailyBudgetMicros: 5_000_000 }],
  [800, 3, { on: true }],
];

/** The whole market, all ads together, one call of `step` from change to change. */
function plainly(account: ReturnType<typeof makeAccount>, bidding: boolean) {
  const { plan, seed } = account.world;
  const spend = plan.ads.map(() => new Map<number, number>());
  const visits: Visit[] = [];
  let levers: Levers = startingLevers(plan);
  let state = createMarket(seed, { plan, startMs: START_MS, stepMs: STEP_MS });
  const runTo = (k: number): void => {
    const next = step(state, START_MS + k * STEP_MS, levers);
    state = next.state;
    visits.push(...next.events.visits);
    for (const { ad, fromMs, spendMicros } of next.events.deliveries) {
      const hour = Math.floor((fromMs - START_MS) / HOUR_MS);
      spend[ad]?.set(hour, (spend[ad]?.get(hour) ?? 0) + spendMicros);
    }
  };
  for (const [k, ad, change] of CHANGES) {
    if ('bidMicros' in change && !bidding) continue;
    runTo(k);
    levers = {
      ...levers,
      adsets: levers.adsets.map((adset, at) => (at === ad ? changed(adset, change) : adset)),
    };
  }
  runTo(account.steps);
  return { spend, visits };
}

describe('an ad that follows its track until somebody touches it', () => {
  for (const id of ['S1', 'S3', 'S5', 'S7']) {
    it(`is bit for bit the ad of the whole market, stepped plainly (${id})`, () => {
      const of = scenario(id);
      const account = makeAccount(of, 3, 0, 100);
      expect(account.ads).toHaveLength(4);
      const plain = plainly(account, of.bidding === true);
      const views = account.ads.map((ad) => new AdView(account, ad));
      const seen = views.map(() => [] as (readonly [number, number, number])[]);
      for (let k = 0; k <= account.steps; k += 1) {
        for (const [at, view] of views.entries()) {
          view.advance(k, ({ clickMs, seenMs, value }) => seen[at]?.push([clickMs, seenMs, value]));
          for (const [when, ad, change] of CHANGES)
            if (when === k && ad === at && ('bidMicros' in change ? of.bidding === true : true))
              view.change(changed(view.levers, change));
        }
      }
      const endMs = START_MS + account.steps * STEP_MS;
      for (const [at, view] of views.entries()) {
        const hours = view.hours.spend.map((amount, hour) => [hour, Math.round(amount * 1e6)]);
        expect(hours.filter(([, micros]) => micros !== 0)).toEqual(
          [...(plain.spend[at] ?? [])].filter(([, micros]) => micros !== 0),
        );
        const bought = plain.visits
          .flatMap(({ ad, atMs, purchase }) =>
            ad === at && purchase !== null && purchase.atMs <= endMs
              ? [[atMs, purchase.atMs, purchase.valueMicros / 1e6] as const]
              : [],
          )
          .toSorted((a, b) => a[1] - b[1] || a[0] - b[0]);
        expect((seen[at] ?? []).toSorted((a, b) => a[1] - b[1] || a[0] - b[0])).toEqual(bought);
        expect(view.spendMicros).toBe([...(plain.spend[at]?.values() ?? [])].reduce((a, b) => a + b, 0));
        expect(bought.length).toBeGreaterThan(0);
      }
    });
  }
});

describe('a look', () => {
  it('cuts windows as the engine does', () => {
    const account = makeAccount(scenario('S1'), 1, 0, 1);
    for (const spelling of ['3h', '72h', 'today', 'yesterday', '3d', '7d', '7d before today', 'lifetime']) {
      const window = readWindow(spelling);
      if ('problem' in window) throw new Error(window.problem);
      for (let k = 6; k < account.steps; k += 37) {
        const look = lookAt(account, k);
        const { fromMs, toMs } = windowBounds(window, look.asOfMs, 'UTC');
        const { from, to } = windowHours(window, look.hours);
        // Before the run there is nothing.
        expect(START_MS + from * HOUR_MS).toBe(Math.max(fromMs, START_MS));
        expect(START_MS + to * HOUR_MS).toBe(Math.max(toMs, START_MS));
      }
    }
  });
});
