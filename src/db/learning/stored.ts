import type { OrderValues, TrialValue } from '../../core/learned.ts';
import type { Level } from '../../core/object.ts';
import type { DelayCurve } from '../../core/statistics/delay-curve.ts';
import type { GammaPrior } from '../../core/statistics/prior.ts';

/** What the engine keeps of one event of an account, or of one of its campaigns: `Learned` for each level, and whence. */
export interface StoredLearned {
  readonly curve: DelayCurve;
  /** By level of the objects judged: siblings of one level differ otherwise than those of another. */
  readonly priors: Readonly<Partial<Record<Level, GammaPrior>>>;
  readonly clickPriors: Readonly<Partial<Record<Level, GammaPrior>>>;
  readonly orders: OrderValues | null;
  readonly dispersion: number;
  readonly trial: TrialValue | null;
  /** What the account's pulse expects: conversions per major unit of matured spend, of late. Null while too few. */
  readonly rate: Rate | null;
}

export interface Rate {
  readonly perUnit: number;
  /** Conversions it was learned from. */
  readonly conversions: number;
  /** How much more days of the account differ from it than chance would have it; 1 is Poisson. */
  readonly dispersion: number;
}
