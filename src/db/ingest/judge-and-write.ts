import type { Db } from '../connection.ts';
import { judge, type Judgement } from './judge.ts';
import type { Lives } from './lives.ts';
import type { Lookups } from './lookups.ts';
import type { ConversionRow, Message } from './messages.ts';
import { outcomeStatements } from './outcomes.ts';
import { WriteBehind } from './write-behind.ts';
import { conversionStatements } from './write-changes.ts';

/** Judged at once while those before are written; fewer would make more statements than they save waiting. */
const PART = 1_000;

/**
 * Judges a batch part by part and stores each part's conversions and outcomes while the next is judged.
 *
 * @returns what {@link judge} says of all of it, and is not stored yet.
 */
export async function judgeAndWrite(
  trx: Db,
  messages: readonly Message[],
  lookups: Lookups,
  known: Map<string, ConversionRow>,
  lives: Lives,
): Promise<Omit<Judgement, 'outcomes'>> {
  const writing = new WriteBehind(trx);
  const parts: Judgement[] = [];
  try {
    for (let from = 0; from < messages.length; from += PART) {
      const touches = lookups.touches.slice(from, from + PART);
      const part = judge(messages.slice(from, from + PART), { ...lookups, touches }, known, lives);
      parts.push(part);
      await writing.add([...conversionStatements(part.changes), ...outcomeStatements(part.outcomes)]);
    }
  } finally {
    await writing.settle();
  }
  return {
    changes: parts.flatMap((part) => part.changes),
    retimed: new Set(parts.flatMap((part) => [...part.retimed])),
    retold: parts.flatMap((part) => part.retold),
    waiting: parts.flatMap((part) => part.waiting),
  };
}
