import type { Evidence } from '../decision.ts';
import type { Learned } from '../learned.ts';
import type { CurveLine } from '../statistics/delay-curve.ts';
import { lnEvidenceAbove, lnEvidenceBelow } from '../statistics/e-process.ts';
import { type MaturedTotals, maturedSince } from '../statistics/exposure.ts';
import { mixRestarts, restartStarts } from '../statistics/restarts.ts';
import { lnRoasAbove, lnRoasBelow } from '../statistics/roas-test.ts';
import { perEvidence } from './memo.ts';
import { distrust } from './metrics.ts';
import { oddsOf, oddsText } from './odds.ts';
import { counted, moneyText, valueText } from './phrases.ts';
import {
  type Approach,
  eventOf,
  type FullScope,
  type Statistic,
  type StatisticCall,
  targetOf,
} from './statistic.ts';
import { deliveryOf, learnedOf, mustBeFinite, unconvertedRevenue } from './sums.ts';
import { trialWorth } from './worth.ts';
import { isMissing, type Missing, RuleFault } from './value.ts';

/** A test of the whole life of an object as it stands now. */
interface Test {
  /** Since each restart, the whole test first. */
  readonly stretches: readonly MaturedTotals[];
  readonly learned: Learned;
  /** Restarts that are no longer followed. */
  readonly before: number;
  /** Conversions and revenue since the test began, and the spend that has had time to bring them. */
  readonly conversions: number;
  readonly value: number;
  readonly matured: number;
}

const NOTHING = { conversions: 0, value: 0, matured: 0, cappedValue: 0 };

const remembered = perEvidence<Test>();
const rememberedLn = perEvidence<number>();

/**
 * The test of one event: since the object was made, its tracking began or it was last resumed, with a fresh start every
 * week (Σγ_j E_j), so that a good past does not excuse a bad present.
 *
 * @param line `lower` where the evidence is against the object (delays assumed long), `upper` where it speaks for it.
 */
function testOf(evidence: Evidence, event: string, line: CurveLine): Test | Missing {
  const delivery = deliveryOf(evidence);
  const sinceMs = Math.max(
    delivery.fromMs[0] ?? delivery.toMs,
    evidence.health.trackingSinceMs ?? Number.NEGATIVE_INFINITY,
  );
  const doubt = distrust({ fromMs: sinceMs, toMs: delivery.toMs }, evidence);
  if (doubt !== null) return doubt;
  return remembered(evidence, `${line}|${event}`, () => {
    const learned = learnedOf(evidence, event);
    const stretches = maturedSince({
      delivery,
      event,
      curve: learned.curve,
      line,
      nowMs: evidence.nowMs,
      startsMs: restartStarts(sinceMs, evidence.nowMs),
    });
    const { conversions, value, matured, cappedValue } = stretches[0] ?? NOTHING;
    mustBeFinite(conversions + value + matured + cappedValue);
    const before = sinceMs === delivery.fromMs[0] ? (delivery.weeksBefore ?? 0) : 0;
    return { learned, before, stretches, conversions, value, matured };
  });
}

type Direction = 'above' | 'below';

/** A pause assumes long delays, a raise short ones: neither acts on what has only not come yet. */
function lineOf(worse: boolean): CurveLine {
  return worse ? 'lower' : 'upper';
}

/** ln of the evidence that CPA is above (or below) a target. */
function lnOfCpa(test: Test, cpa: number, direction: Direction): number {
  const dispersion = Math.max(1, test.learned.dispersion);
  return mixRestarts(
    test.stretches.map(({ conversions, matured }) => {
      const n = conversions / dispersion;
      const s = matured / cpa / dispersion;
      return direction === 'above' ? lnEvidenceAbove(n, s) : lnEvidenceBelow(n, s);
    }),
    test.before,
  );
}

/** One question's evidence, with what its sentence needs. */
interface Proof {
  readonly ln: number;
  readonly test: Test;
  /** Conversions due at target, in conversions; or revenue due, in money. */
  readonly due: number;
}

function cpaProof(call: StatisticCall, { full }: FullScope, direction: Direction): Proof | Missing {
  const target = targetOf(call);
  if (isMissing(target)) return target;
  const event = eventOf(call);
  const test = testOf(full, event, lineOf(direction === 'above'));
  if (isMissing(test)) return test;
  const ln = rememberedLn(full, `cpa ${direction}|${target}|${event}`, () =>
    lnOfCpa(test, target, direction),
  );
  return { ln, test, due: dueOf(test) / target };
}

/** Matured spend that something can be due for: cost taken back beyond what was spent asks for nothing. */
function dueOf({ matured }: Test): number {
  return Math.max(0, matured);
}

/**
 * Revenue is evidence in units of κ, the size-biased mean order; a trial counts as what it will be worth, which makes the
 * question one about its CPA.
 */
function roasProof(call: StatisticCall, { full }: FullScope, direction: Direction): Proof | Missing {
  const roas = targetOf(call);
  if (isMissing(roas)) return roas;
  const event = eventOf(call);
  const waiting = unconvertedRevenue(full, event);
  if (waiting !== null) return waiting;
  const test = testOf(full, event, lineOf(direction === 'below'));
  if (isMissing(test)) return test;
  const { orders } = test.learned;
  const worth = trialWorth(test.learned);
  if (worth !== null) {
    const ln = rememberedLn(full, `trial ${direction}|${roas}|${event}`, () =>
      lnOfCpa(test, worth / roas, direction === 'below' ? 'above' : 'below'),
    );
    return { ln, test: { ...test, value: test.conversions * worth }, due: dueOf(test) * roas };
  }
  if (orders === null) return NO_ORDERS;
  const ln = rememberedLn(full, `roas ${direction}|${roas}|${event}`, () => {
    const dispersion = Math.max(1, test.learned.dispersion);
    return mixRestarts(
      test.stretches.map(({ cappedValue, matured }) => {
        const facts = {
          revenueCapped: cappedValue / dispersion,
          matured: matured / dispersion,
          target: roas,
        };
        return direction === 'below' ? lnRoasBelow(facts, orders) : lnRoasAbove(facts, orders);
      }),
      test.before,
    );
  });
  return { ln, test, due: dueOf(test) * roas };
}

const NO_ORDERS: Missing = { missing: 'value', why: 'no order with a value is known in this account yet' };

function riskOf(call: StatisticCall): number {
  if (call.risk === null) throw new RuleFault('proven was read without a risk');
  return call.risk;
}

function proven(metric: 'cpa' | 'roas', direction: Direction): Statistic {
  const proof = metric === 'cpa' ? cpaProof : roasProof;
  const method = `${metric}${direction === 'above' ? 'Above' : 'Below'}`;
  const unit = metric === 'cpa' ? 'money' : 'ratio';
  const claim = (call: StatisticCall, { account }: FullScope) =>
    `that ${metric.toUpperCase()} is ${direction} ${valueText(call.target ?? 0, unit, account.currency)}`;
  const read = (call: StatisticCall, scope: FullScope): boolean | Missing => {
    const found = proof(call, scope, direction);
    return isMissing(found) ? found : found.ln >= -Math.log(riskOf(call));
  };
  return {
    parts: ['target', 'risk'],
    event: 'one',
    type: 'bool',
    unit: 'none',
    asks: 'delivery',
    plain: true,
    example: `proven.${method}(target.${metric}, 0.05)`,
    read,
    said(call, _value, scope) {
      const found = proof(call, scope, direction);
      if (isMissing(found)) return found.why;
      const { currency } = scope.account;
      const { conversions, value } = found.test;
      const seen =
        metric === 'cpa'
          ? `${counted(conversions, eventOf(call))} where ${valueText(Number(found.due.toFixed(1)), 'count', currency)} were due at target`
          : `${moneyText(value, currency)} earned where ${moneyText(found.due, currency)} were due at target`;
      return `${seen}; evidence ${oddsText(found.ln)} ${claim(call, scope)}, the rule needs ${oddsText(-Math.log(riskOf(call)))}`;
    },
    name: () => `evidence`,
    approach(call, scope): Approach | Missing {
      const found = proof(call, scope, direction);
      if (isMissing(found)) return found;
      const needed = 1 / riskOf(call);
      return {
        value: Math.exp(Math.min(found.ln, 700)),
        threshold: needed,
        get text() {
          return `evidence ${oddsOf(found.ln, Math.log(needed))} ${claim(call, scope)}`;
        },
      };
    },
  };
}

/**
 * Evidence that survives constant looking: an object that meets its target is ever called proven with at most the chance
 * `risk`, however often it is asked. Never over estimated spend.
 *
 * Ville 1939; Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021. The weight of the mixture is Gamma(2, 2) around
 * the target whatever the siblings do, so that the same counts prove the same in every account and at every time.
 */
export const PROVEN: ReadonlyMap<string, Statistic> = new Map(
  Object.entries({
    cpaAbove: proven('cpa', 'above'),
    cpaBelow: proven('cpa', 'below'),
    roasBelow: proven('roas', 'below'),
    roasAbove: proven('roas', 'above'),
  }),
);
