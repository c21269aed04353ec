import { remembers } from '../../src/sandbox/market/conditions.ts';
import { type AdPlan, startingLevers } from '../../src/sandbox/market/plan.ts';
import type { PostbackFaults } from '../../src/sandbox/market/postback-fate.ts';
import type { AdsetLevers, RunnerWorld } from './ad-runner.ts';
import {
  type AdKind,
  accountPlan,
  accountSeed,
  beginsAt,
  DAY_MS,
  faultsOf,
  isPast,
  kindOf,
  PAST_DAYS,
  type Scenario,
  sizeOf,
  START_MS,
  STEPS_A_DAY,
  TARGET,
  TARGET_MICROS,
  theftIn,
} from './scenarios.ts';
import { makeTrack, profitOf, type Track } from './track.ts';
import { worthOfTrial } from './trial-worth.ts';

/** One ad of an account with its untouched delivery and what only the scorer may know. */
export interface AccountAd {
  readonly index: number;
  readonly campaign: number;
  readonly plan: AdPlan;
  /** Hidden efficiency in worth: target ÷ true cost of a target's worth. */
  readonly efficiency: number;
  readonly levers: AdsetLevers;
  /** Step at which it begins to run: a midnight. */
  readonly beginsStep: number;
  readonly track: Track;
  readonly kind: AdKind;
  /** Best profit that could be made of it with a conversion worth T, and worth 1.3 T. Major units. */
  readonly oracle: number;
  readonly oracleWithMargin: number;
}

/** An ad of the account's past. */
export interface PastAd {
  readonly index: number;
  readonly campaign: number;
  readonly levers: AdsetLevers;
  readonly track: Track;
}

/** One account's world: made once, shared by all policies. */
export interface Account {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly number: number;
  readonly world: RunnerWorld;
  readonly faults: PostbackFaults | undefined;
  readonly ads: readonly AccountAd[];
  readonly past: readonly PastAd[];
  readonly steps: number;
}

export const MARGIN = 1.3;

/** @param ads how many ads of the account are wanted, in whole campaigns' order; at most 300. */
export function makeAccount(scenario: Scenario, seed: number, number: number, ads: number): Account {
  const plan = accountPlan(scenario, seed, number);
  const of = accountSeed(seed, number);
  const world: RunnerWorld = {
    seed: of,
    plan,
    remembers: remembers(plan),
    ...(scenario.trials === true ? { worthOf: (index) => worthOfTrial(of, index) } : {}),
    ...(scenario.thieves === true ? { theftOf: (index) => theftIn(plan.adsets[index]?.campaign ?? -1) } : {}),
  };
  const faults = faultsOf(scenario);
  const size = sizeOf(scenario);
  const levers = startingLevers(plan).adsets;
  const steps = scenario.days * STEPS_A_DAY;
  const found: AccountAd[] = [];
  const past: PastAd[] = [];
  for (const [index, ad] of plan.ads.entries()) {
    const own = levers[index];
    const campaign = plan.adsets[index]?.campaign ?? 0;
    if (own === undefined || campaign * size.adsPerCampaign >= ads) continue;
    if (isPast(index, size)) {
      const startMs = START_MS - PAST_DAYS * DAY_MS;
      past.push({
        index,
        campaign,
        levers: own,
        track: makeTrack(world, index, { levers: own, startMs, steps: PAST_DAYS * STEPS_A_DAY, faults }),
      });
      continue;
    }
    if (found.length >= ads) continue;
    const beginsStep = beginsAt(scenario, of, index);
    const options = { levers: own, startMs: START_MS, steps, faults, beginsStep };
    const track = makeTrack(world, index, options);
    const best = (value: number): number =>
      scenario.bidding === true ? bestBids(world, index, { ...options, value }) : bestDays(track, value);
    found.push({
      index,
      campaign,
      plan: ad,
      efficiency: ad.theta * (world.worthOf?.(index) ?? 1),
      levers: own,
      beginsStep,
      track,
      kind: kindOf(scenario.id, index),
      oracle: best(TARGET),
      oracleWithMargin: best(MARGIN * TARGET),
    });
  }
  return { scenario, seed, number, world, faults, ads: found, past, steps };
}

/** Runs on exactly the days on which the ad is worth what it costs. */
function bestDays(track: Track, value: number): number {
  let profit = 0;
  for (let day = 0; day < track.worth.length; day += 1) {
    if (((track.worth[day] ?? 0) * value) / TARGET < 1) continue;
    const from = day * STEPS_A_DAY;
    const to = from + STEPS_A_DAY;
    profit += profitOf(
      (track.cumSpendMicros[to] ?? 0) - (track.cumSpendMicros[from] ?? 0),
      (track.cumExpected[to] ?? 0) - (track.cumExpected[from] ?? 0),
      value,
    );
  }
  return profit;
}

/** Bids what a click is worth: best in a second-price auction. */
function bestBids(
  world: RunnerWorld,
  index: number,
  options: Omit<Parameters<typeof makeTrack>[2], 'leversOfDay'> & { readonly value: number },
): number {
  const ad = world.plan.ads[index];
  if (ad === undefined) return 0;
  const bidMicros = (options.value * 1e6 * ad.theta * ad.cpcMicros) / TARGET_MICROS;
  const track = makeTrack(world, index, { ...options, levers: { ...options.levers, bidMicros } });
  const last = track.steps;
  return profitOf(track.cumSpendMicros[last] ?? 0, track.cumExpected[last] ?? 0, options.value);
}
