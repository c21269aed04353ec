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

/** The type under which conversions of a view are summed: `conversions("install/view-through")`. */
export const VIEW_THROUGH = 'view-through';
