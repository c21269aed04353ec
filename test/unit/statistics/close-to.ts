import { expect } from 'vitest';

/** Expects a figure to a relative tolerance, 1e-6 unless the published figure has fewer digits. */
export function expectClose(actual: number, expected: number, relative = 1e-6): void {
  expect(
    Math.abs(actual - expected) <= relative * Math.max(Math.abs(expected), 1e-300),
    `${actual} instead of ${expected} within ${relative}`,
  ).toBe(true);
}

/** The same for a figure printed with so many decimals: half a unit of the last one is its rounding. */
export function expectDecimals(actual: number, expected: number, decimals: number): void {
  expect(
    Math.abs(actual - expected) <= 0.5000001 * 10 ** -decimals,
    `${actual} instead of ${expected} to ${decimals} decimals`,
  ).toBe(true);
}
