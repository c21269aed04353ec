/** Beyond this many blocks the orders are drawn instead of all tried. */
const ALL_ORDERS = 20;
const DRAWS = 20_000;

/**
 * Permutation test of a switchback: each block had both bid levels, in an order drawn by a fair coin, with a washout as long
 * as four fifths of conversions take. p = share of all orders whose mean difference is at least as large, either way
 * (Bojinov, Simchi-Levi & Zhao 2023). Exact up to 20 blocks; beyond, `random` (uniform in [0, 1)) draws 20,000 orders, the one
 * that happened among them.
 *
 * In: the outcome under the new level less the one under the old, per block. p 1 without a block.
 */
export function switchbackTest(
  differences: readonly number[],
  random: () => number,
): { readonly mean: number; readonly p: number } {
  const n = differences.length;
  if (n === 0) return { mean: 0, p: 1 };
  const seen = differences.reduce((a, b) => a + b, 0);
  const size = Math.abs(seen) * (1 - 1e-12);
  const share = n <= ALL_ORDERS ? allOrders(differences, size) : drawnOrders(differences, size, random);
  return { mean: seen / n, p: share };
}

/** All 2^n signs in Gray-code order: one difference changes sign at a time. */
function allOrders(differences: readonly number[], size: number): number {
  const signs = differences.map(() => 1);
  let sum = differences.reduce((a, b) => a + b, 0);
  let extreme = Math.abs(sum) >= size ? 1 : 0;
  const orders = 2 ** differences.length;
  for (let order = 1; order < orders; order += 1) {
    const at = 31 - Math.clz32(order & -order);
    const sign = -(signs[at] ?? 1);
    signs[at] = sign;
    sum += 2 * sign * (differences[at] ?? 0);
    if (Math.abs(sum) >= size) extreme += 1;
  }
  return extreme / orders;
}

function drawnOrders(differences: readonly number[], size: number, random: () => number): number {
  let extreme = 1;
  for (let draw = 0; draw < DRAWS; draw += 1) {
    let sum = 0;
    for (const difference of differences) sum += random() < 0.5 ? difference : -difference;
    if (Math.abs(sum) >= size) extreme += 1;
  }
  return extreme / (DRAWS + 1);
}
