import type { LearnedFrom } from '../learned.ts';

/** Gamma(a, b) for a rate per unit of exposure: worth `a` conversions on `b` of exposure. Mean a / b. */
export interface GammaPrior {
  readonly a: number;
  readonly b: number;
  /** Siblings it was fitted over. */
  readonly siblings: number;
  readonly from: LearnedFrom;
}
