/** Weights of the error, its sum and its change. */
export interface PidGains {
  readonly proportional: number;
  readonly integral: number;
  readonly derivative: number;
}

/** What a PID controller remembers between two steps. */
export interface PidState {
  readonly sum: number;
  readonly lastError: number | null;
}

export const PID_START: PidState = { sum: 0, lastError: null };

/**
 * Bid multiplier by a PID controller on the log scale: e = (T − CPA)/T, exp(λ_P e + λ_I Σe + λ_D Δe), clipped; the sum
 * stands still while clipped, so that it does not wind up (Zhang, Rong, Wang, Zhu & Wang 2016). Feed it the shrunk, matured
 * CPA. A CPA that is no number changes nothing: multiplier 1.
 */
export function pidStep(
  state: PidState,
  input: {
    readonly target: number;
    readonly cpa: number;
    readonly gains: PidGains;
    readonly least?: number;
    readonly most?: number;
  },
): { readonly multiplier: number; readonly state: PidState } {
  const { gains, least = 0.5, most = 2 } = input;
  const error = (input.target - input.cpa) / input.target;
  if (!Number.isFinite(error)) return { multiplier: 1, state };
  const sum = state.sum + error;
  const change = state.lastError === null ? 0 : error - state.lastError;
  const wanted = Math.exp(gains.proportional * error + gains.integral * sum + gains.derivative * change);
  const multiplier = Math.min(most, Math.max(least, wanted));
  return { multiplier, state: { sum: multiplier === wanted ? sum : state.sum, lastError: error } };
}

/** What a period brought: conversions and spend, major units. */
export interface PeriodFacts {
  readonly conversions: number;
  readonly spend: number;
}

/**
 * Dual variable of an average-CPA target by mirror descent: λ ← λ exp(−η(T N − spend)), 1 at the start (Balseiro & Gur 2019;
 * Feng, Padmanabhan & Wang 2023). It rises while conversions cost more than T.
 */
export function targetDual(
  lambda: number,
  facts: PeriodFacts,
  settings: { readonly target: number; readonly eta: number },
): number {
  const slack = settings.target * facts.conversions - facts.spend;
  return Number.isFinite(slack) ? lambda * Math.exp(-settings.eta * slack) : lambda;
}

/** What the target's dual makes of a conversion worth its target: bid = value × (1 + λ)/λ. */
export const targetMultiplier = (lambda: number): number => (1 + lambda) / lambda;

/** Dual variable of a budget by subgradient steps: μ ← max(0, μ − ε(ρ − spend)), ρ the period's share of the budget. */
export function budgetDual(
  mu: number,
  spend: number,
  settings: { readonly share: number; readonly epsilon: number },
): number {
  const slack = settings.share - spend;
  return Number.isFinite(slack) ? Math.max(0, mu - settings.epsilon * slack) : mu;
}

/**
 * What the budget's dual makes of a value. Where the target is a limit (a conversion is worth it and no more) 1/(1 + μ); where
 * it is an average to be met, only the budget holds the bid back: 1/μ.
 */
export const budgetMultiplier = (mu: number, targetIs: 'limit' | 'average'): number =>
  targetIs === 'limit' ? 1 / (1 + mu) : 1 / mu;

/**
 * Both constraints at once: the smaller of the two multipliers. One after the other can break both badly (Balseiro, Bhawalkar,
 * Feng, Lu, Mirrokni, Sivan & Wang 2024).
 */
export const bothMultipliers = (target: number, budget: number): number => Math.min(target, budget);

/**
 * Share of the day's traffic that has come by `hour` (0 to 24, fractions of an hour linear), from the traffic of its 24
 * hours. A straight line where there is no traffic to go by.
 */
export function trafficShare(byHour: readonly number[], hour: number): number {
  const clock = Math.max(0, Math.min(24, hour));
  let [total, passed] = [0, 0];
  for (let h = 0; h < 24; h += 1) {
    const traffic = Math.max(0, byHour[h] ?? 0);
    total += traffic;
    passed += traffic * Math.max(0, Math.min(1, clock - h));
  }
  return total > 0 ? passed / total : clock / 24;
}
