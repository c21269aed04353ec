/** Clicks that did not convert yet, of one age. */
export interface Unconverted {
  readonly age: number;
  readonly clicks: number;
}

export interface DelayedConversion {
  /** Share of clicks that will have converted in the end. */
  readonly probability: number;
  /** Rate of the exponential delay, per unit of time. */
  readonly rate: number;
  readonly lnLikelihood: number;
}

/**
 * Conversion rate with delay from few data: a click converts with probability p after Exp(λ). EM over delays d of converted and
 * ages e of unconverted clicks, w = p e^−λe / (1 − p + p e^−λe), p ← (n₁ + Σw)/n, λ ← n₁ / (Σd + Σ w e) (Chapelle 2014). Real
 * delays are mixtures; prefer `fitDelayCurve` once there are a hundred conversions.
 *
 * Any one unit of time. Null without a conversion or with delays that add up to nothing: then neither can be told.
 */
export function fitDelayedConversion(
  delays: readonly number[],
  unconverted: readonly Unconverted[],
): DelayedConversion | null {
  const converted = delays.length;
  const sumDelays = delays.reduce((a, b) => a + b, 0);
  if (converted === 0 || !(sumDelays > 0)) return null;
  const clicks = unconverted.reduce((sum, group) => sum + group.clicks, converted);
  let [p, rate] = [converted / clicks, converted / sumDelays];
  for (let step = 0; step < 10_000; step += 1) {
    let [waiting, waited] = [0, 0];
    for (const group of unconverted) {
      const late = p * Math.exp(-rate * group.age);
      const w = (group.clicks * late) / (1 - p + late);
      waiting += w;
      waited += w * group.age;
    }
    const [nextP, nextRate] = [(converted + waiting) / clicks, converted / (sumDelays + waited)];
    const moved = Math.abs(nextP - p) / nextP + Math.abs(nextRate - rate) / nextRate;
    [p, rate] = [nextP, nextRate];
    if (moved < 1e-14) break;
  }
  let lnLikelihood = converted * Math.log(p * rate) - rate * sumDelays;
  for (const group of unconverted) {
    if (group.clicks > 0) lnLikelihood += group.clicks * Math.log(1 - p + p * Math.exp(-rate * group.age));
  }
  return { probability: p, rate, lnLikelihood };
}
