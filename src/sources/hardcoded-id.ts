/** What was seen with one click id over a source's conversions. */
export interface SeenWithId {
  readonly txids: number;
  readonly devices: number;
  readonly addresses: number;
}

/** A visitor may convert twice, on two devices; three different ones are three visitors. */
const DIFFERENT = 3;

/**
 * Whether a click id stands fixed in the sender's template or code: it comes with several different transactions,
 * devices or addresses.
 *
 * @param seen counts of different values, known ones only; a sender's own address is not to be counted.
 * @param rebills transactions that renew an earlier one of the same click, which are one visitor's.
 * @returns what tells, or null.
 */
export function hardcodedId(seen: SeenWithId, rebills = 0): keyof SeenWithId | null {
  if (seen.devices >= DIFFERENT) return 'devices';
  if (seen.addresses >= DIFFERENT) return 'addresses';
  return seen.txids - rebills >= DIFFERENT ? 'txids' : null;
}
