/**
 * Where a function that rises (strictly, somewhere between) crosses zero: bisection to the last bits. `low` must not lie
 * above the crossing; the upper end is found by doubling. Infinity when the function is still negative at 1e300.
 */
export function risingRoot(f: (x: number) => number, low = 0): number {
  let below = low;
  let above = Math.max(1, 2 * low);
  while (!(f(above) >= 0)) {
    if (above > 1e300) return Infinity;
    below = above;
    above *= 2;
  }
  for (let step = 0; step < 200; step += 1) {
    const middle = below + (above - below) / 2;
    if (middle <= below || middle >= above) break;
    if (f(middle) >= 0) above = middle;
    else below = middle;
  }
  return above;
}
