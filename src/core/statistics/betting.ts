/** One step of a bet against a mean: what was staked before the value came, and the log of the capital after it. */
export interface BetStep {
  readonly stake: number;
  readonly lnCapital: number;
}

/** Running mean and variance with one pseudo-observation, as seen before the next value. */
interface Running {
  count: number;
  mean: number;
  variance: number;
}

function add(running: Running, value: number): void {
  const count = running.count + 1;
  running.mean += (value - running.mean) / count;
  running.variance += ((value - running.mean) ** 2 - running.variance) / count;
  running.count = count;
}

/** Largest share of the stake that could be lost at once. */
const CAUTION = 0.5;

/**
 * Evidence that the mean of values in [0, 1] (capped revenue per fixed quantum of spend) is below `mean`, with no model of
 * their distribution: capital K = Π(1 − λ_i (X_i − m)), λ_i = (m − μ̂)/(σ̂² + (m − μ̂)²) clipped to [0, ½/(1 − m)], μ̂ and σ̂²
 * running from one pseudo-observation (½, ¼). Under "mean ≥ m" K is a supermartingale; reject at K ≥ 1/α (Waudby-Smith &
 * Ramdas 2024). Values outside [0, 1] are clipped; what is no number is skipped. No steps for m outside (0, 1).
 */
export function bettingBelow(values: readonly number[], mean: number): BetStep[] {
  if (!(mean > 0 && mean < 1)) return [];
  const running: Running = { count: 1, mean: 0.5, variance: 0.25 };
  const steps: BetStep[] = [];
  let lnCapital = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const x = Math.max(0, Math.min(1, value));
    const stake = stakeFor(mean - running.mean, running.variance, CAUTION / (1 - mean));
    lnCapital += Math.log1p(-stake * (x - mean));
    steps.push({ stake, lnCapital });
    add(running, x);
  }
  return steps;
}

/**
 * Evidence that the mean of non-negative values is above `mean`; they need no bound: K = Π(1 + λ_i (X_i/m − 1)), λ_i in
 * [0, ½]. Negative values count as 0; what is no number is skipped. No steps for m that is not positive.
 */
export function bettingAbove(values: readonly number[], mean: number): BetStep[] {
  if (!(mean > 0) || mean === Infinity) return [];
  const running: Running = { count: 1, mean: 1, variance: 1 };
  const steps: BetStep[] = [];
  let lnCapital = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const x = Math.max(0, value) / mean;
    const stake = stakeFor(running.mean - 1, running.variance, CAUTION);
    lnCapital += Math.log1p(stake * (x - 1));
    steps.push({ stake, lnCapital });
    add(running, x);
  }
  return steps;
}

function stakeFor(gain: number, variance: number, most: number): number {
  const stake = gain / (variance + gain * gain);
  return Number.isNaN(stake) ? 0 : Math.max(0, Math.min(most, stake));
}
