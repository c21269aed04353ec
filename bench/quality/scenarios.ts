import { type DrawnOptions, drawnPlan } from '../../src/sandbox/market/drawn-plan.ts';
import type { DelayName } from '../../src/sandbox/market/delay.ts';
import type { MarketPlan } from '../../src/sandbox/market/plan.ts';
import { exponential, PURPOSE, stream } from '../../src/sandbox/market/random.ts';
import { type PostbackFaults, USUAL_FAULTS } from '../../src/sandbox/market/postback-fate.ts';
import type { Theft } from '../../src/sandbox/market/theft.ts';

import { worthOfTrial } from './trial-worth.ts';

export const DAY_MS = 86_400_000;
export const STEP_MS = 600_000;
export const STEPS_A_DAY = DAY_MS / STEP_MS;
/** A Monday. Everything before it is the account's past. */
export const START_MS = Date.UTC(2026, 8, 7);
export const TARGET_MICROS = 30_000_000;
/** Target CPA in major units. */
export const TARGET = 30;

/** How an account is made up. Its past ads ran through the thirty days before, untouched, and are over. */
export interface AccountSize {
  readonly campaigns: number;
  readonly adsPerCampaign: number;
  readonly pastPerCampaign: number;
}
const USUAL_SIZE: AccountSize = { campaigns: 15, adsPerCampaign: 20, pastPerCampaign: 4 };
export const PAST_DAYS = 30;

export const SCENARIO_IDS = ['S0', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

/** What a policy judges by. */
export type TargetKind = 'cpa' | 'roas';

/** One kind of world. Policies see none of this. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly days: number;
  readonly target: TargetKind;
  readonly size?: AccountSize;
  readonly bidding?: boolean;
  readonly faults?: boolean;
  /** Two of its campaigns buy from sources that steal conversions. */
  readonly thieves?: boolean;
  /** Conversions are free trials, of which some pay a month later. */
  readonly trials?: boolean;
  /** Five ads of each campaign are there at the start; the others come, one a day on average. */
  readonly arrivals?: boolean;
  /** By account, so that S0 can hold both delays. */
  readonly options: (seed: number, account: number) => Partial<DrawnOptions> & { readonly delay: DelayName };
}

const S0_KINDS = ['drawn', 'at1', 'drawn', 'at125'] as const;
export type AdKind = (typeof S0_KINDS)[number];

/** In the calibration world every other ad has a known efficiency, among siblings drawn as everywhere. */
export function kindOf(scenario: string, index: number): AdKind {
  return ['S0', 'S4', 'S5', 'trial'].includes(scenario) ? (S0_KINDS[index % 4] ?? 'drawn') : 'drawn';
}

const calibrated = (index: number, drawn: number): number =>
  ({ drawn, at1: 1, at125: 1.25 })[isPast(index) ? 'drawn' : kindOf('S0', index)];

const PRICES = { weekly: 0.1, season: 0.15, seasonWeek: Math.floor(START_MS / DAY_MS / 7) + 2 };

export const SCENARIOS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  (
    [
      {
        id: 'S0',
        title: 'calibration: efficiency exactly 1 and 1.25, nothing drifts',
        days: 30,
        target: 'cpa',
        options: (_seed, account) => ({
          delay: account % 2 === 0 ? 'fast' : 'slow',
          delayLogSd: 0.3,
          dayNoise: 0,
          efficiency: calibrated,
        }),
      },
      {
        id: 'S1',
        title: 'fast: four of five conversions within the hour',
        days: 30,
        target: 'cpa',
        options: () => ({ delay: 'fast', delayLogSd: 0.3 }),
      },
      {
        id: 'S2',
        title: 'slow: a third of the conversions within the hour, a quarter after the first week',
        days: 30,
        target: 'cpa',
        options: () => ({ delay: 'slow', delayLogSd: 0.3 }),
      },
      {
        id: 'S3',
        title:
          'slow and moving: fatigue, turns, weekends, learning phases, drifting delays, half of the noise shared',
        days: 30,
        target: 'cpa',
        options: () => ({
          delay: 'slow',
          delayLogSd: 0.3,
          ageing: { fromMs: START_MS, days: 30 },
          drift: {
            sharedNoise: 0.5,
            weekend: 0.9,
            learning: { extra: 0.3, conversions: 25 },
            delays: { perDay: 0.01, sinceMs: START_MS },
          },
        }),
      },
      {
        id: 'S4',
        title: 'ROAS: order values log-normal, log-sd 1.1',
        days: 30,
        target: 'roas',
        options: () => ({ delay: 'fast', delayLogSd: 0.3, valueLogSd: 1.1, efficiency: calibrated }),
      },
      {
        id: 'S5',
        title: 'ROAS with a heavy tail: log-sd 1.5, Pareto 1.6 above the 99th percentile',
        days: 30,
        target: 'roas',
        options: () => ({
          delay: 'fast',
          delayLogSd: 0.3,
          valueLogSd: 1.5,
          valueTail: 1.6,
          efficiency: calibrated,
        }),
      },
      {
        id: 'trial',
        title: 'ROAS of free trials: 29 days, .35 of them pay (sd .08 between ads), .85 renew each month',
        days: 30,
        target: 'roas',
        trials: true,
        options: (seed) => ({
          delay: 'fast',
          delayLogSd: 0.3,
          // A trial itself brings nothing.
          valueMicros: 0,
          // Exactly on target by what its trials will pay.
          efficiency: (index, drawn) => {
            const exact = calibrated(index, drawn);
            return exact === drawn ? drawn : exact / worthOfTrial(seed, index);
          },
        }),
      },
      {
        id: 'S6',
        title:
          'faults: late and restated spend, lost, repeated and reordered postbacks, outages, two thieving sources; slow conversions',
        days: 30,
        target: 'cpa',
        faults: true,
        thieves: true,
        options: () => ({ delay: 'slow', delayLogSd: 0.3 }),
      },
      {
        id: 'S7',
        title: 'bids per click in second-price auctions whose prices move by the week',
        days: 30,
        target: 'cpa',
        bidding: true,
        options: (_seed, account) => ({
          delay: account % 2 === 0 ? 'fast' : 'slow',
          delayLogSd: 0.3,
          bidding: true,
          drift: { prices: PRICES },
        }),
      },
      {
        id: 'S8',
        title: 'small budgets: half a target a day, for 60 days',
        days: 60,
        target: 'cpa',
        options: () => ({ delay: 'slow', delayLogSd: 0.3, budgetInTargets: 0.5 }),
      },
      {
        id: 'mixture',
        title: 'slow, another family of efficiencies: one ad in ten at 2.5, three in ten at .2',
        days: 30,
        target: 'cpa',
        options: (seed) => ({
          delay: 'slow',
          delayLogSd: 0.3,
          efficiency: (index, drawn) => {
            const u = stream(seed, index, PURPOSE.plan, 5)();
            return u < 0.1 ? 2.5 : u < 0.4 ? 0.2 : drawn;
          },
        }),
      },
      {
        id: 'small',
        title: 'small accounts: $1,000 a month over 8 ads, nothing to learn from, purchases at $30',
        days: 30,
        target: 'cpa',
        size: { campaigns: 1, adsPerCampaign: 8, pastPerCampaign: 0 },
        options: () => ({ delay: 'slow', delayLogSd: 0.3, budgetInTargets: 1_000 / 8 / 30.4 / TARGET }),
      },
      {
        id: 'arrivals',
        title: 'slow, and ads come during the run: five in each campaign at first, then one a day (Poisson)',
        days: 30,
        target: 'cpa',
        arrivals: true,
        options: () => ({ delay: 'slow', delayLogSd: 0.3 }),
      },
      {
        id: 'cold',
        title: 'slow, and no past to learn from',
        days: 30,
        target: 'cpa',
        size: { ...USUAL_SIZE, pastPerCampaign: 0 },
        options: () => ({ delay: 'slow', delayLogSd: 0.3 }),
      },
    ] satisfies Scenario[]
  ).map((scenario) => [scenario.id, scenario]),
);

/** Whether the ad at this place belongs to the account's past. */
export function isPast(index: number, size: AccountSize = USUAL_SIZE): boolean {
  return index % (size.adsPerCampaign + size.pastPerCampaign) >= size.adsPerCampaign;
}

const PRESENT_ADS = 5;

/**
 * Step at which the ad at this place begins: 0, or, where ads come during the run, midnight after the arrival that is its
 * own. An ad of which a run is too short to see anything begins on its last day.
 */
export function beginsAt(scenario: Scenario, seed: number, index: number): number {
  const { adsPerCampaign, pastPerCampaign } = sizeOf(scenario);
  const [campaign, place] = [
    Math.floor(index / (adsPerCampaign + pastPerCampaign)),
    index % (adsPerCampaign + pastPerCampaign),
  ];
  if (scenario.arrivals !== true || place < PRESENT_ADS) return 0;
  const draw = stream(seed, campaign, PURPOSE.arrival, 0);
  let day = 0;
  for (let come = PRESENT_ADS; come <= place; come += 1) day += exponential(1, draw());
  return Math.min(Math.ceil(day), scenario.days - 1) * STEPS_A_DAY;
}

export const sizeOf = (scenario: Scenario): AccountSize => scenario.size ?? USUAL_SIZE;

export function adsPerAccount(scenario: Scenario): number {
  const { campaigns, adsPerCampaign } = sizeOf(scenario);
  return campaigns * adsPerCampaign;
}

/** Seeds far apart for worlds that lie next to each other. */
export function accountSeed(seed: number, account: number): number {
  return (Math.imul(seed, 1_000_003) + Math.imul(account, 7_919) + 17) | 0;
}

/** One account's market; usually 15 campaigns of 20 ads and 4 of the past each. */
export function accountPlan(scenario: Scenario, seed: number, account: number): MarketPlan {
  const of = accountSeed(seed, account);
  const size = sizeOf(scenario);
  return drawnPlan(of, {
    campaigns: size.campaigns,
    adsPerCampaign: size.adsPerCampaign + size.pastPerCampaign,
    targetMicros: TARGET_MICROS,
    valueMicros: TARGET_MICROS,
    valueLogSd: 0.7,
    shape: 2.5,
    dayNoise: 0.2,
    budgetInTargets: 2,
    ...scenario.options(of, account),
  });
}

/** Of fifteen campaigns one buys from a source that injects installs, and one from a source that floods clicks. */
export const theftIn = (campaign: number): Theft | null =>
  campaign % 15 === 3 ? 'injection' : campaign % 15 === 8 ? 'flooding' : null;

export function faultsOf(scenario: Scenario): PostbackFaults | undefined {
  return scenario.faults === true ? { ...USUAL_FAULTS, fromMs: START_MS } : undefined;
}
