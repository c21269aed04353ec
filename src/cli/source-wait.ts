import { setTimeout as sleep } from 'node:timers/promises';
import { decimalFromMicros } from '../core/money.ts';
import type { Db } from '../db/connection.ts';
import { recentPostbacks } from '../db/sources.ts';
import { reasonAdvice, warningAdvice } from '../sources/advice.ts';

export type RecentPostback = Awaited<ReturnType<typeof recentPostbacks>>[number];

const PATIENCE_MS = 15 * 60_000;
const LOOK_MS = 500;
const SAY_MS = 30_000;

/** One postback in a line. */
export function describePostback(postback: RecentPostback): string {
  const what = postback.event === null ? '' : ` ${postback.event}`;
  const amount =
    postback.amount_micros === null
      ? ''
      : ` ${decimalFromMicros(postback.amount_micros)} ${postback.currency ?? ''}`;
  const who = postback.click_id ?? postback.device_id;
  const reason =
    postback.reason === null
      ? ''
      : ` (${postback.reason}${postback.detail === null ? '' : `: ${postback.detail}`})`;
  return `${postback.wall_at.toISOString()} ${postback.outcome}${reason}${what}${amount}${who === null ? '' : ` of ${who}`}`;
}

/** What a postback lacks that would make it worth more, a sentence each. */
export function adviceOn(postback: RecentPostback): readonly string[] {
  const advice: string[] = [];
  if (postback.outcome === 'refused') {
    advice.push(`It was refused: ${postback.detail ?? postback.reason ?? 'no reason is known'}`);
    const { next } = reasonAdvice(postback.reason ?? '');
    if (next !== '') advice.push(next);
  } else {
    if (postback.click_id === null)
      advice.push("It carries no click id: it can only be credited by device or by the sender's own ids.");
    if (postback.txid === null)
      advice.push(
        'It carries no transaction id: a repeat can only be told by being the same in every parameter.',
      );
    if (postback.amount_micros === null)
      advice.push(
        'It carries no amount: its revenue is unknown, so ROAS rules cannot use it. Zero is an amount; nothing is not.',
      );
    if (postback.reason === 'status_unmapped')
      advice.push(
        `Its status "${postback.detail ?? ''}" is not known and counts as ${postback.status ?? 'pending'}.`,
      );
  }
  // The status's own sentence stands above.
  for (const warning of postback.warnings.filter((one) => one !== 'status_unmapped')) {
    const { what, next } = warningAdvice(warning);
    advice.push(`Odd: ${what}.${next === '' ? '' : ` ${next}`}`);
  }
  if (advice.length === 0) advice.push('Nothing is missing in it.');
  return advice;
}

/**
 * Waits for the first postback of a source that arrives after `fromWallMs`.
 *
 * @returns null when none came within 15 minutes.
 */
export async function waitForPostback(
  db: Db,
  sourceId: string,
  options: {
    readonly fromWallMs: number;
    readonly wallNowMs: () => number;
    readonly note: (text: string) => void;
  },
): Promise<{ readonly postback: RecentPostback; readonly advice: readonly string[] } | null> {
  let saidAt = options.fromWallMs;
  for (;;) {
    const nowMs = options.wallNowMs();
    const found = (await recentPostbacks(db, sourceId, 20))
      .filter((row) => row.wall_at.getTime() >= options.fromWallMs)
      .at(-1);
    if (found !== undefined) return { postback: found, advice: adviceOn(found) };
    if (nowMs - options.fromWallMs > PATIENCE_MS) return null;
    if (nowMs - saidAt >= SAY_MS) {
      saidAt = nowMs;
      options.note(
        `nothing yet after ${Math.round((nowMs - options.fromWallMs) / 1000)} s; does the sender have a test button?`,
      );
    }
    await sleep(LOOK_MS);
  }
}
