import type { ConversionStatus } from './conversion.ts';
import type { Micros } from './money.ts';

/** What a further message about one conversion does: sets amount and status anew, nothing, or adds its amount. */
export const DUPLICATE_POLICIES = ['update', 'ignore', 'add'] as const;
export type DuplicatePolicy = (typeof DUPLICATE_POLICIES)[number];

/** @returns the policy, or undefined for a value that is none. */
export function readDuplicatePolicy(value: unknown): DuplicatePolicy | undefined {
  return DUPLICATE_POLICIES.find((policy) => policy === value);
}

/** What one message says about the money of its conversion. Micros of the currency beside them, as sent. */
export type AmountSaid =
  /** Nothing: the amount stays, or comes from the payout table. Not the same as 0. */
  | { readonly kind: 'none' }
  /** What the conversion is worth in all. */
  | { readonly kind: 'total'; readonly micros: Micros; readonly currency: string | null }
  /** What is added to it, or taken from it. */
  | { readonly kind: 'delta'; readonly micros: Micros; readonly currency: string | null };

export interface SentAmount {
  /** Null where the message names none. */
  readonly status: ConversionStatus | null;
  readonly amountMicros: Micros | null;
  /** A field of its own for the difference, as Impact's DeltaPayout. */
  readonly deltaMicros: Micros | null;
  readonly currency: string | null;
  /** The source is set to add up what repeated messages say. */
  readonly repeatsAdd: boolean;
}

/**
 * Reads the money of one message.
 *
 * - An amount of 0 or more is the new total; beside it a difference says the same once more and is not added.
 * - A negative amount takes away that much, be it all of it or a part: what senders write who have no word for a refund.
 * - With a status that takes everything back, amounts of 0 or less say nothing further: the money stays on record for the case
 *   that the reversal is reversed.
 */
export function readAmount(sent: SentAmount): AmountSaid {
  const { amountMicros, deltaMicros, currency } = sent;
  const takenBack = sent.status === 'rejected' || sent.status === 'reversed';
  if (amountMicros === null) {
    if (deltaMicros === null || takenBack) return { kind: 'none' };
    return { kind: 'delta', micros: deltaMicros, currency };
  }
  if (takenBack && amountMicros <= 0) return { kind: 'none' };
  if (amountMicros < 0 || (sent.repeatsAdd && !takenBack)) {
    return { kind: 'delta', micros: amountMicros, currency };
  }
  return { kind: 'total', micros: amountMicros, currency };
}
