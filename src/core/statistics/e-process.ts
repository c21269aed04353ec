import { risingRoot } from './find-root.ts';
import { lnGamma, lnGammaP, lnGammaQ } from './special.ts';

/**
 * Gamma(a, b) over the efficiency θ, in target units: worth `a` conversions on the spend of `b` targets. Any fixed or
 * past-only choice keeps the guarantee; the fitted prior (a, b / target CPA) buys power.
 */
export interface Weight {
  readonly a: number;
  readonly b: number;
}

/** Mean 1, worth two conversions: where no sibling has taught anything. */
export const DEFAULT_WEIGHT: Weight = { a: 2, b: 2 };

/** Natural logs of the evidence. */
export interface LnEvidence {
  /** Against "CPA is the target", whichever way. */
  readonly both: number;
  /** That CPA is above target (ln M⁻). */
  readonly above: number;
  /** That CPA is below target (ln M⁺). */
  readonly below: number;
}

/**
 * Evidence about θ = target CPA / CPA from `n` conversions (may be fractional) where `s` = matured spend / target CPA
 * were due on target. For one alternative θ₁, θ₁^n · exp((1 − θ₁) s) is a martingale if θ = 1; mixed over Gamma(a, b):
 *
 *     ln M  = s + a ln b − ln Γ(a) + ln Γ(a + n) − (a + n) ln(b + s)
 *     ln M⁻ = ln M + ln P(a + n, b + s) − ln P(a, b)      (weight on θ₁ < 1)
 *     ln M⁺ = ln M + ln Q(a + n, b + s) − ln Q(a, b)      (weight on θ₁ > 1)
 *
 * Ville's inequality (1939): on target or better, Pr(M⁻ ever reaches 1/α) ≤ α, at whatever instants one looks and however
 * spend, pace and bids react to the past. Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021 (gamma-Poisson mixture).
 *
 * Negative counts or spend (restated facts) count as 0. What is not a number, and a weight that is no gamma
 * distribution, is no evidence: −Infinity.
 */
export function lnEvidence(n: number, s: number, weight: Weight = DEFAULT_WEIGHT): LnEvidence {
  return {
    both: lnEvidenceBoth(n, s, weight),
    above: lnEvidenceAbove(n, s, weight),
    below: lnEvidenceBelow(n, s, weight),
  };
}

/** ln M of `lnEvidence`. */
export function lnEvidenceBoth(n: number, s: number, weight: Weight = DEFAULT_WEIGHT): number {
  return orNone(lnMixture(Math.max(0, n), Math.max(0, s), weight));
}

/** ln M⁻ of `lnEvidence`: pause when it reaches ln(1/α). */
export function lnEvidenceAbove(n: number, s: number, weight: Weight = DEFAULT_WEIGHT): number {
  const conversions = Math.max(0, n);
  const due = Math.max(0, s);
  return orNone(
    lnMixture(conversions, due, weight) +
      lnGammaP(weight.a + conversions, weight.b + due) -
      constants(weight).lnP,
  );
}

/** ln M⁺ of `lnEvidence`: raise when it reaches ln(1/α). */
export function lnEvidenceBelow(n: number, s: number, weight: Weight = DEFAULT_WEIGHT): number {
  const conversions = Math.max(0, n);
  const due = Math.max(0, s);
  return orNone(
    lnMixture(conversions, due, weight) +
      lnGammaQ(weight.a + conversions, weight.b + due) -
      constants(weight).lnQ,
  );
}

/**
 * The pause test as a line one can read: matured spend in targets at which M⁻ reaches 1/α while `n` conversions have come.
 * Infinity where no spend is enough (α not in (0, 1)).
 */
export function pauseSpend(n: number, alpha: number, weight: Weight = DEFAULT_WEIGHT): number {
  const needed = -Math.log(alpha);
  if (!(needed > 0) || needed === Infinity) return Infinity;
  if (!Number.isFinite(lnEvidenceAbove(n, 0, weight))) return Infinity;
  return risingRoot((s) => lnEvidenceAbove(n, s, weight) - needed);
}

/**
 * What certainty costs: spend in targets that a test at α needs on average against an ad of efficiency θ, ln(1/α) over the
 * expected growth per target θ ln θ + 1 − θ (a few targets more for the mixture). Infinity at θ = 1, the target itself;
 * NaN for a θ or α that cannot be.
 */
export function certaintySpend(theta: number, alpha: number): number {
  if (!(theta >= 0) || !(alpha > 0 && alpha < 1)) return NaN;
  const growth = theta === 0 ? 1 : theta * Math.log(theta) + 1 - theta;
  return -Math.log(alpha) / growth;
}

function lnMixture(n: number, s: number, weight: Weight): number {
  const k = weight.a + n;
  return s + constants(weight).lnNorm + lnGamma(k) - k * Math.log(weight.b + s);
}

interface Constants {
  readonly a: number;
  readonly b: number;
  /** a ln b − ln Γ(a). */
  readonly lnNorm: number;
  readonly lnP: number;
  readonly lnQ: number;
}

const noConstants: Constants = { a: NaN, b: NaN, lnNorm: NaN, lnP: NaN, lnQ: NaN };
let latest: Constants = noConstants;

/** What depends on the weight alone. The latest one is kept: an object is asked many times with one weight. */
function constants(weight: Weight): Constants {
  const { a, b } = weight;
  if (latest.a === a && latest.b === b) return latest;
  if (!(a > 0) || !(b > 0) || a === Infinity || b === Infinity) return noConstants;
  latest = {
    a,
    b,
    lnNorm: a * Math.log(b) - lnGamma(a),
    lnP: lnGammaP(a, b),
    lnQ: lnGammaQ(a, b),
  };
  return latest;
}

const orNone = (ln: number): number => (Number.isNaN(ln) || ln === Infinity ? -Infinity : ln);
