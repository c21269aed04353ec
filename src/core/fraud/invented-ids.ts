import type { FoundSignal } from './signals.ts';

/** Below so many transaction ids a run or a repetition is chance, or a new shop. */
const MIN_IDS = 20;
/** Share of steps by exactly 1 from which ids count up. */
const SEQUENTIAL_SHARE = 0.8;
/** Digits of a counter that is one person's stage and not the sender's own: trackers number a click's stages 1, 2, 3. */
const STAGE_DIGITS = 2;
/** Bits per character below which ids are no ids: digits alone have 3.3, hexadecimal ones 4. */
const MIN_BITS = 1.5;
/** Ids this short have few characters to vary. */
const MIN_LENGTH = 8;

/**
 * Transaction ids that look made up, judged over one source's ids in order of receipt: nearly all count up by one, or long ids
 * that are made of hardly any different characters (Shannon entropy of the characters, averaged over ids, in bits).
 * Shops number their orders too: the signal never acts alone.
 */
export function inventedTxids(txids: readonly string[]): FoundSignal | null {
  if (txids.length < MIN_IDS) return null;
  const numbers = txids.flatMap((txid) => {
    const digits = /(\d{1,15})$/.exec(txid)?.[1];
    return digits === undefined || digits.length <= STAGE_DIGITS ? [] : [Number(digits)];
  });
  if (numbers.length >= MIN_IDS) {
    let steps = 0;
    for (let i = 1; i < numbers.length; i += 1)
      if ((numbers[i] ?? NaN) - (numbers[i - 1] ?? NaN) === 1) steps += 1;
    if (steps >= SEQUENTIAL_SHARE * (numbers.length - 1)) {
      const text = `${steps} of ${numbers.length - 1} transaction ids are the one before plus 1`;
      return { signal: 'invented_txids', text };
    }
  }
  const long = txids.filter((txid) => txid.length >= MIN_LENGTH);
  if (long.length < MIN_IDS) return null;
  const bits = long.reduce((sum, txid) => sum + characterBits(txid), 0) / long.length;
  if (bits >= MIN_BITS) return null;
  const text = `${long.length} transaction ids have ${bits.toFixed(1)} bits per character on average; random digits have 3.3`;
  return { signal: 'invented_txids', text };
}

/** Shannon entropy of a text's characters: −Σ p log₂ p. 0 for an empty text. */
function characterBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const length = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}

/** What came under one click id from one sender, on all days. */
export interface ClickIdUse {
  readonly clickId: string;
  /** Different values seen; what was not sent is not counted. */
  readonly txids: number;
  readonly devices: number;
  /** Of visitors; the sender's own is not counted. */
  readonly addresses: number;
  /** Transactions that follow an earlier one of the click: payments after a trial, renewals after a day or more, upsells. */
  readonly followUps: number;
}

/** Different people under one click id before it counts as pasted in. */
const HARDCODED_FROM = 3;

/**
 * One click id on conversions of three or more devices or addresses, or with three or more transactions that do not follow one
 * another: somebody pasted a test click's id into the sender's template instead of its macro. On one known device several
 * transactions are one visitor's.
 */
export function hardcodedId(use: ClickIdUse): FoundSignal | null {
  const { clickId, txids, devices, addresses, followUps } = use;
  const people = Math.max(devices, addresses);
  const many = people >= HARDCODED_FROM || (txids - followUps >= HARDCODED_FROM && people !== 1);
  if (!many) return null;
  const seen = [count(txids, 'transaction id'), count(devices, 'device'), count(addresses, 'address')]
    .filter((text) => text !== '')
    .join(', ');
  return {
    signal: 'hardcoded_id',
    text: `click id "${clickId}" came with ${seen}: check whether the sender's template has its macro there`,
  };
}

function count(n: number, word: string): string {
  if (!(n > 0)) return '';
  if (n === 1) return `1 ${word}`;
  return `${n} ${word.endsWith('s') ? `${word}es` : `${word}s`}`;
}
