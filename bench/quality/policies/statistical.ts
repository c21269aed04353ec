import type { Delivery } from '../../../src/core/delivery.ts';
import { DEFAULT_WEIGHT, lnEvidenceAbove, type Weight } from '../../../src/core/statistics/e-process.ts';
import { type MaturedTotals, maturedSince } from '../../../src/core/statistics/exposure.ts';
import { stoppingBoundary } from '../../../src/core/statistics/optimal-stopping.ts';
import { probabilityAbove } from '../../../src/core/statistics/posterior.ts';
import { coldPrior } from '../../../src/core/statistics/prior.ts';
import { lnRoasBelow } from '../../../src/core/statistics/roas-test.ts';
import { gammaQ } from '../../../src/core/statistics/special.ts';
import type { CurveLine } from '../../../src/core/statistics/delay-curve.ts';
import type { AdView } from '../ad-view.ts';
import { deliveryOf, type Look } from '../look.ts';
import { HOURLY, type Judge, type Known, type Policy } from '../policy.ts';
import { type Scenario, TARGET } from '../scenarios.ts';

const PAUSE = { on: false } as const;
const FROM_START = [0] as const;

/** Totals of an ad since its start, its spend matured by one of the learned lines. */
function totals(known: Known, view: AdView, look: Look, line: CurveLine): MaturedTotals {
  const delivery: Delivery = deliveryOf(known.account, view, look);
  const [all] = maturedSince({
    delivery,
    event: 'purchase',
    curve: known.learned(view.ad.campaign).curve,
    line,
    nowMs: look.nowMs,
    startsMs: FROM_START,
  });
  if (all === undefined) throw new Error('maturedSince gave nothing for one start');
  return all;
}

/** Policies for CPA worlds without bids: nothing else can be said about them there. */
const cpaHourly = (scenario: Scenario): number | null =>
  scenario.target === 'cpa' && scenario.bidding !== true ? HOURLY : null;
/** Looked at every ten minutes where the guarantee is measured. */
const cpaEager = (scenario: Scenario): number | null =>
  cpaHourly(scenario) === null ? null : ['S0', 'S1', 'S2'].includes(scenario.id) ? 1 : HOURLY;

/**
 * Pauses where a test says so. Each of these tests asks for no fewer conversions as spend grows and matures, so that one
 * that is silent at some look was silent before it.
 */
const rising = (proven: (view: AdView, look: Look) => boolean): Judge =>
  Object.assign((view: AdView, look: Look) => (proven(view, look) ? PAUSE : null), {
    quietUntil: (view: AdView, ahead: Look) => !proven(view, ahead),
    steady: true as const,
  });

/** Fixed-sample Poisson test, repeated at every look. */
function fixedSample(id: string, corrected: boolean): Policy {
  return {
    id,
    title: `fixed-sample test p < .05 at every look${corrected ? ', delay-corrected' : ''}`,
    every: cpaHourly,
    revives: false,
    learns: {},
    start: (known) =>
      rising((view, look) => {
        const { conversions, matured, spend } = totals(known, view, look, 'share');
        return gammaQ(conversions + 1, (corrected ? matured : spend) / TARGET) < 0.05;
      }),
  };
}

function evidence(id: string, alpha: number, corrected: boolean): Policy {
  return {
    id,
    title: `e-process, α = ${alpha}${corrected ? '' : ', no delay correction'}`,
    every: (scenario) =>
      scenario.trials === true
        ? null
        : scenario.target === 'roas'
          ? HOURLY
          : corrected
            ? cpaEager(scenario)
            : cpaHourly(scenario),
    revives: false,
    learns: {},
    start: (known) =>
      rising((view, look) => {
        const { conversions, cappedValue, matured, spend } = totals(known, view, look, 'lower');
        const exposure = corrected ? matured : spend;
        const { orders } = known.learned(view.ad.campaign);
        const ln =
          known.account.scenario.target === 'cpa'
            ? lnEvidenceAbove(conversions, exposure / TARGET, DEFAULT_WEIGHT)
            : orders === null
              ? -Infinity
              : lnRoasBelow({ revenueCapped: cappedValue, matured: exposure, target: 1 }, orders);
        return ln >= -Math.log(alpha);
      }),
  };
}

function posterior(id: string, level: number, corrected: boolean): Policy {
  return {
    id,
    title: `posterior P(CPA > T) > ${level}${corrected ? '' : ', no delay correction'}`,
    every: cpaHourly,
    revives: false,
    learns: {},
    start: (known) =>
      rising((view, look) => {
        const { conversions, matured, spend } = totals(known, view, look, 'share');
        const prior = known.learned(view.ad.campaign).prior ?? coldPrior(TARGET);
        return probabilityAbove(prior, conversions, corrected ? matured : spend, TARGET) > level;
      }),
  };
}

const OPTIMAL: Policy = {
  id: 'F',
  title: 'optimal stopping as a hard pause',
  every: cpaHourly,
  revives: false,
  learns: {},
  start: (known) => {
    const tables = new Map<string, readonly number[]>();
    return rising((view, look) => {
      const { conversions, matured } = totals(known, view, look, 'share');
      const prior = known.learned(view.ad.campaign).prior ?? coldPrior(TARGET);
      const budget = (view.ad.levers.dailyBudgetMicros ?? 0) / 1e6 / TARGET;
      const boundary = tableOf(tables, { a: prior.a, b: prior.b / TARGET }, 30 * budget);
      const at = boundary[conversions];
      return at !== undefined && matured / TARGET >= at;
    });
  },
};

/** Rounded, so that siblings of a day share a table. */
function tableOf(tables: Map<string, readonly number[]>, weight: Weight, horizon: number): readonly number[] {
  const a = Math.round(weight.a * 10) / 10;
  const b = Math.max(0.1, Math.round(weight.b * 10) / 10);
  const rounded = Math.round(Math.exp(Math.round(Math.log(Math.max(1, horizon)) * 5) / 5));
  const key = `${a} ${b} ${rounded}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const table = stoppingBoundary({ a, b }, rounded, Math.max(0.05, rounded / 600));
  tables.set(key, table);
  return table;
}

export const STATISTICAL: readonly Policy[] = [
  fixedSample('C1', false),
  fixedSample('C2', true),
  evidence('D05', 0.05, true),
  evidence('D20', 0.2, true),
  evidence('D05n', 0.05, false),
  posterior('E95', 0.95, true),
  posterior('E90', 0.9, true),
  posterior('E95n', 0.95, false),
  OPTIMAL,
];
