/** `PROPERTY_TIMES=10` looks ten times as long for a counterexample, and gives it the time. */
export const PROPERTY_TIMES = Math.max(1, Number(process.env['PROPERTY_TIMES'] ?? 1) || 1);

/** How many cases a property is tried with, where it is usually tried with so many. */
export function runs(usual: number): number {
  return Math.round(usual * PROPERTY_TIMES);
}
