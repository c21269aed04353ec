/**
 * Figures published with the benchmark's design, from another simulation of the same model: 3,000 ads, 30 days, known delay
 * curves, one prior of 60 earlier ads, no lag. By policy: false pauses fast and slow, spend on 2×-losers in targets, and
 * capture, each fast and slow.
 */
export interface ReferenceFigures {
  readonly falsePause: readonly [number, number];
  readonly loserSpend: readonly [number, number];
  readonly capture: readonly [number, number];
}

const row = (
  falsePause: readonly [number, number],
  loserSpend: readonly [number, number],
  capture: readonly [number, number],
): ReferenceFigures => ({ falsePause, loserSpend, capture });

export const REFERENCE: Readonly<Record<string, ReferenceFigures>> = {
  Z: row([0, 0], [75, 75], [-0.06, -0.06]),
  A: row([0.92, 0.98], [1.1, 1.0], [0.31, 0.1]),
  B1: row([0.73, 0.93], [2.2, 2.1], [0.57, 0.18]),
  B2: row([0.45, 0.76], [4.5, 4.3], [0.79, 0.44]),
  B3: row([0.28, 0.67], [6.4, 6.3], [0.81, 0.5]),
  C1: row([0.067, 0.35], [6.2, 4.4], [0.82, 0.74]),
  C2: row([0.041, 0.046], [7.3, 11.0], [0.81, 0.75]),
  D05n: row([0.007, 0.11], [12.2, 8.3], [0.69, 0.79]),
  D05: row([0.003, 0.001], [13.5, 19.6], [0.66, 0.58]),
  D20: row([0.028, 0.031], [8.0, 12.0], [0.77, 0.72]),
  E95: row([0.067, 0.066], [6.4, 9.6], [0.83, 0.78]),
  E90: row([0.16, 0.14], [4.4, 6.8], [0.84, 0.81]),
  E95n: row([0.1, 0.41], [5.2, 3.9], [0.83, 0.7]),
  F: row([0.2, 0.19], [4.5, 7.0], [0.85, 0.82]),
  G: row([0.022, 0.024], [6.2, 8.5], [0.84, 0.8]),
  G05: row([0.002, 0.002], [7.7, 10.1], [0.82, 0.79]),
};

/** Capture and changes per ad and day with bids per click. */
export const REFERENCE_BIDS: Readonly<
  Record<string, { readonly capture: string; readonly changes: string }>
> = {
  Z: { capture: '.74', changes: '0' },
  N: { capture: '.65 fast, .77 slow', changes: '.77' },
  N65: { capture: '.87', changes: '.81' },
  V: { capture: '.95–.96', changes: '.16–.18' },
  Vn: { capture: '.96 fast, .89 slow', changes: '.42–.48' },
};
