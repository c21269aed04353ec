import { hash } from 'node:crypto';

const HEX = /^[0-9a-f]{64}$/i;

/**
 * An e-mail address as ad networks want it: trimmed, lower case, SHA-256 in hex (Meta, "Customer information parameters";
 * TikTok and Google alike).
 *
 * @param text an address, or a hash of one that somebody made already: that one is kept.
 * @returns null for what is neither.
 */
export function hashedEmail(text: string): string | null {
  const value = text.trim().toLowerCase();
  if (HEX.test(value)) return value;
  return /^[^\s@]+@[^\s@]+$/.test(value) ? hash('sha256', value) : null;
}

/** One number, hashed in both of the ways in which networks write it. */
export interface HashedPhone {
  /** Digits alone, the country's first: Meta. */
  readonly digitsSha256: string;
  /** With the plus sign (E.164): TikTok, Google. */
  readonly plusSha256: string;
}

/**
 * A telephone number as ad networks want it. Only with its country (`+49 …`, `0049 …`): a national number hashed as it
 * stands matches nobody.
 *
 * @returns null without a country, and for what has not 8 to 15 digits.
 */
export function hashedPhone(text: string): HashedPhone | null {
  const match = /^(?:\+|00)([1-9][\d\s().\-/]*)$/.exec(text.trim());
  const digits = (match?.[1] ?? '').replaceAll(/\D/g, '');
  if (digits.length < 8 || digits.length > 15) return null;
  return { digitsSha256: hash('sha256', digits), plusSha256: hash('sha256', `+${digits}`) };
}
