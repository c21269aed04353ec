import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../connection.ts';
import { Beside } from './beside.ts';
import { judge, type Judgement } from './judge.ts';
import { Lives, loadLives } from './lives.ts';
import type { Lookups } from './lookups.ts';
import { claimConversions, type ConversionRow, type Message } from './messages.ts';
import { outcomeStatements } from './outcomes.ts';
import { addSums, type CampaignRef, conversionStatements, sumsOf } from './write-changes.ts';

/** Judged at once while those before are written; fewer would make more statements than they save waiting. */
const PART = 1_000;
/** Parts whose keys are claimed before one is judged. */
const AHEAD = 3;
/** Parts that are left when the processor has time for something else: what they write takes longer than judging them. */
const LAST = 4;

/** How a batch is gone through. */
export interface Parting {
  /** Judged at once; {@link PART} when left out. */
  readonly part: number;
  /** Called when only the last parts are left: now is the time to read the next batch. */
  readonly onNearlyJudged: () => void;
}

/** A batch as it was judged; what {@link judge} says of it and is not stored yet. */
export interface Judged extends Omit<Judgement, 'outcomes'> {
  readonly lives: Lives;
  /** Campaigns whose counts changed. */
  readonly campaigns: readonly CampaignRef[];
}

/**
 * Judges a batch and stores its conversions and outcomes, part by part: while one is judged, the one before is written and
 * the keys of those after it are claimed. What sums over conversions is written once, for all of them. The caller holds the
 * accounts' totals (lockTotals).
 */
export async function judgeAndWrite(
  trx: Db,
  messages: readonly Message[],
  lookups: Lookups,
  { part: size = PART, onNearlyJudged }: Partial<Parting> = {},
): Promise<Judged> {
  const parts = Array.from({ length: Math.ceil(messages.length / size) }, (_, index) => ({
    messages: messages.slice(index * size, (index + 1) * size),
    touches: lookups.touches.slice(index * size, (index + 1) * size),
  }));
  const known = new Map<string, ConversionRow>();
  const lives = new Lives();
  const keys = new Set<string>();
  const beside = new Beside();
  const claim = (part: { messages: readonly Message[] }): Promise<void> =>
    beside.run(async () => {
      const found = await claimConversions(trx, part.messages, keys);
      const ids = [...found.values()].map(({ id }) => id);
      await loadLives(trx, ids, lives);
      for (const [key, row] of found) known.set(key, row);
    });
  const judged: Judgement[] = [];
  try {
    const claiming = parts.slice(0, AHEAD).map(claim);
    let writing: Promise<void> | undefined;
    for (const [index, part] of parts.entries()) {
      await claiming[index];
      const next = parts[index + AHEAD];
      if (next) claiming.push(claim(next));
      if (index === Math.max(0, parts.length - LAST)) onNearlyJudged?.();
      const judgement = judge(part.messages, { ...lookups, touches: part.touches }, known, lives);
      judged.push(judgement);
      const statement = writeOf(judgement);
      await writing;
      writing = beside.run(() => statement.execute(trx).then(() => undefined));
    }
    const changes = judged.flatMap((part) => part.changes);
    const sums = sumsOf(lookups.ground, changes);
    await writing;
    return {
      lives,
      campaigns: await addSums(trx, lookups.ground, sums),
      changes,
      retimed: new Set(judged.flatMap((part) => [...part.retimed])),
      retold: judged.flatMap((part) => part.retold),
      waiting: judged.flatMap((part) => part.waiting),
    };
  } finally {
    await beside.settle();
  }
}

/** What stores a part, in one statement: between two, the database would wait for a processor that judges. */
function writeOf({ changes, outcomes }: Judgement): RawBuilder<unknown> {
  const statements = [...conversionStatements(changes), ...outcomeStatements(outcomes)];
  return sql`with ${sql.join(statements.map((one, index) => sql`${sql.ref(`part_${index}`)} as (${one})`))} select`;
}
