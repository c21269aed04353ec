/** The life of one conversion: pending, approved, taken back. */
export type ConversionStatus = 'pending' | 'hold' | 'approved' | 'rejected' | 'reversed';

const STATUSES: readonly string[] = ['pending', 'hold', 'approved', 'rejected', 'reversed'];

/** @returns the status, or undefined for a text that is none. */
export function readStatus(text: string | null): ConversionStatus | undefined {
  return STATUSES.includes(text ?? '') ? (text as ConversionStatus) : undefined;
}

/** Money that counts: expected or confirmed. */
export function isCountedStatus(status: ConversionStatus): boolean {
  return status === 'pending' || status === 'approved';
}

/** What a conversion's messages can change. Amounts are in micros of the currency beside them, as sent. */
export interface ConversionState {
  readonly status: ConversionStatus;
  /** Event time of the message that set the status, where the sender gave one. */
  readonly statusAtMs: number | null;
  readonly amountMicros: number | null;
  readonly currency: string | null;
}

export type MergeResult =
  | { readonly kind: 'updated'; readonly state: ConversionState }
  | { readonly kind: 'duplicate'; readonly reason: 'duplicate_conversion' | 'older_status' };

/**
 * One more message for a conversion that is known. Messages arrive out of order: one dated before the message that set
 * the status changes nothing, and "pending" never takes back what was decided. A message without an amount leaves the
 * amount as it is.
 */
export function mergeMessage(current: ConversionState, message: ConversionState): MergeResult {
  const dated = current.statusAtMs !== null && message.statusAtMs !== null;
  const older = dated && (message.statusAtMs ?? 0) < (current.statusAtMs ?? 0);
  const decided = current.status !== 'pending' && current.status !== 'hold';
  if (older || (message.status === 'pending' && decided)) {
    const same = message.status === current.status && sameAmount(current, message);
    return { kind: 'duplicate', reason: same ? 'duplicate_conversion' : 'older_status' };
  }
  if (message.status === current.status && sameAmount(current, message)) {
    return { kind: 'duplicate', reason: 'duplicate_conversion' };
  }
  const keepsAmount = message.amountMicros === null;
  return {
    kind: 'updated',
    state: {
      status: message.status,
      statusAtMs: message.statusAtMs ?? current.statusAtMs,
      amountMicros: keepsAmount ? current.amountMicros : message.amountMicros,
      currency: keepsAmount ? current.currency : (message.currency ?? current.currency),
    },
  };
}

function sameAmount(current: ConversionState, message: ConversionState): boolean {
  if (message.amountMicros === null) return true;
  return (
    message.amountMicros === current.amountMicros &&
    (message.currency === null || message.currency === current.currency)
  );
}
