import { clickIdTimeMs } from './click-id.ts';

const ENDLESS = /^[\w+/-]{16,}$/;

/**
 * The ways in which one click id may have been stored, the likeliest first: as received; with the plus signs that a
 * query turned into spaces; decoded once more, for senders that encode twice; and with the equals signs that some cut
 * off a base64 end. Letters keep their case: ids differ by it. Our own ids are in capitals.
 */
export function clickIdSpellings(received: string): readonly string[] {
  const own = received.trim().toUpperCase();
  if (clickIdTimeMs(own) !== undefined) return [...new Set([received, own])];
  const spellings = new Set([received]);
  if (received.includes(' ')) spellings.add(received.replaceAll(' ', '+'));
  if (received.includes('%')) {
    try {
      spellings.add(decodeURIComponent(received));
    } catch {
      // Not encoded after all.
    }
  }
  if (ENDLESS.test(received)) for (const end of ['=', '==']) spellings.add(received + end);
  else if (received.endsWith('=')) spellings.add(received.replace(/=+$/, ''));
  return [...spellings];
}

/**
 * The other way round: how senders may have written a stored click id, for those that came before their click. Each of
 * them has the stored id among its spellings.
 */
export function sentSpellings(stored: string): readonly string[] {
  if (clickIdTimeMs(stored) !== undefined) return [stored, stored.toLowerCase()];
  const sent = new Set([stored]);
  if (stored.includes('+')) sent.add(stored.replaceAll('+', ' '));
  const encoded = encodeWellFormed(stored);
  if (encoded.includes('%')) sent.add(encoded);
  const bare = stored.replace(/={1,2}$/, '');
  if (ENDLESS.test(bare)) sent.add(bare);
  return [...sent].filter((text) => clickIdSpellings(text).includes(stored));
}

/** A lone surrogate cannot be encoded. */
function encodeWellFormed(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : text;
}
