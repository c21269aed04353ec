/**
 * The only place that reads the machine's clock. Everything else takes `now` as an argument, from the workspace
 * clock (src/db/clock.ts) where market time is meant and from here where wall time is.
 *
 * @returns milliseconds since the epoch, UTC.
 */
export function wallNowMs(): number {
  return Date.now();
}
