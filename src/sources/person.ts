import { hash } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * A user's id as it is compared: SHA-256, so that an id, or an address written in another case, meets its own hash from
 * a sender that passes on hashes only.
 *
 * @param text an id, an e-mail address, or the SHA-256 of one in hex.
 * @returns 32 bytes; null when nothing was sent.
 */
export function hashedUser(text: string | undefined): Buffer | null {
  if (text === undefined || text === '') return null;
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return hash('sha256', text.includes('@') ? text.toLowerCase() : text, 'buffer');
}

/** ISO 3166 letters as senders write them; names of countries and anything else are none. */
export function readCountry(text: string | undefined): string | null {
  return text !== undefined && /^[a-z]{2}$/i.test(text) ? text.toUpperCase() : null;
}

/** A person's address; a range, a list or a hash is none. */
export function readAddress(text: string | undefined): string | null {
  return text !== undefined && isIP(text) !== 0 && !text.includes('%') ? text : null;
}

const AGREED = new Set(['1', 'true', 'yes', 'granted', 'consent_granted']);
const REFUSED = new Set(['0', 'false', 'no', 'denied', 'consent_denied']);

/** Whether a person agreed, in the words of Google's consent signals or as a flag; null for anything else. */
export function readConsent(text: string | undefined): boolean | null {
  const word = text?.toLowerCase() ?? '';
  return AGREED.has(word) ? true : REFUSED.has(word) ? false : null;
}
