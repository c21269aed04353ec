/** Eight digits of a learned figure: few enough that it comes out the same when it is learned again from the same facts. */
export function digits(value: number): number {
  return Number(value.toPrecision(8));
}
