import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import { lockTotals } from '../running-totals.ts';
import { type Ground, loadGround } from './accounts.ts';
import { Beside } from './beside.ts';
import { judgeAndWrite, type Parting } from './judge-and-write.ts';
import { creditLateClicks } from './late-clicks.ts';
import { storeLives } from './lives.ts';
import { type Lookups, lookUp } from './lookups.ts';
import { claimMessages, type ConversionRow, type Message, readMessages } from './messages.ts';
import { setForBatch } from './batch-settings.ts';
import type { ReadAhead } from './read-ahead.ts';
import { creditFollowers, creditRetimed } from './recredit.ts';
import { lockShard, slotsOf } from './shard.ts';
import type { ConversionChange } from './rollups.ts';
import { tellPostbacks } from './tell-postbacks.ts';
import { beginTracking, countVisits, type ObjectVisits, takeClicks } from './visits.ts';
import { addWaiting } from './waiting.ts';
import type { CampaignRef } from './write-changes.ts';

export interface DrainBatchInput extends Partial<Parting> {
  /** `all`, or a range of slots such as `0-15`. */
  readonly shard: string;
  /** Most postbacks, and most clicks, taken at once. */
  readonly limit: number;
  /** Another most for clicks. */
  readonly clickLimit?: number;
  readonly wallMs: number;
  /** The postbacks to take, where they were read before; the oldest ones otherwise. */
  readonly ahead?: ReadAhead;
}

export interface DrainedBatch {
  /** Postbacks taken from the inbox. */
  readonly rows: number;
  /** Clicks counted as visits. */
  readonly visits: number;
  /** New conversions, counted or not. */
  readonly conversions: number;
  /** Campaigns whose counts changed. */
  readonly campaigns: readonly CampaignRef[];
  /** Objects whose visits were counted. */
  readonly visited: readonly ObjectVisits[];
  /** Wall time of receipt of the oldest postback taken; null without any. */
  readonly oldestWallMs: number | null;
}

/**
 * One transaction of ingest: takes postbacks and clicks out of their inboxes and turns them into conversions, rollups
 * and visits. It happens whole or not at all, so each row counts exactly once however often it is tried.
 */
export async function drainBatch(db: Db, input: DrainBatchInput): Promise<DrainedBatch> {
  return db.transaction().execute((trx) => drainWithin(trx, input));
}

/** {@link drainBatch} inside a transaction of the caller's, who may also take it all back. */
export async function drainWithin(trx: Db, input: DrainBatchInput): Promise<DrainedBatch> {
  const slots = slotsOf(input.shard);
  await setForBatch(trx);
  await lockShard(trx, input.shard);
  const campaigns = new Map<number, CampaignRef>();
  const note = (refs: readonly CampaignRef[]): void =>
    refs.forEach((ref) => campaigns.set(ref.campaignId, ref));

  // Clicks have no slot: the shard that holds the first one counts them.
  const clicks = slots.first === 0 ? await takeClicks(trx, input.clickLimit ?? input.limit) : [];
  const read = input.ahead?.messages ?? (await readMessages(trx, slots, input.limit));
  const ground = await loadGround(
    trx,
    [...new Set([...clicks, ...read].map((row) => row.workspace_id))],
    [...new Set(read.map((m) => m.source_id))],
    input.wallMs,
  );
  const held = new Set(ground.accounts.keys());
  await lockTotals(trx, held);
  const context = { trx, held, knownFromMs: null, wallMs: input.wallMs };

  let visited: readonly ObjectVisits[] = [];
  if (clicks.length > 0) {
    visited = await countVisits(trx, ground, clicks);
    note(await creditLateClicks(context, clicks));
  }
  const { messages, lookups } = await takeAndLookUp(trx, ground, read, input.ahead);
  let conversions = 0;
  if (messages.length > 0) {
    const judged = await judgeAndWrite(trx, messages, lookups, input);
    const { changes, retimed, retold, waiting, lives } = judged;
    await storeLives(trx, lives);
    note(judged.campaigns);
    await beginTracking(trx, firstFromSender(changes), 'sender');
    await tellPostbacks(trx, retold, lookups.installs);
    note(await creditRetimed(context, latestOf(changes, retimed)));
    note(await creditFollowers(context, changes));
    await addWaiting(trx, waiting);
    conversions = changes.filter((change) => change.before === null).length;
    await announce(trx, messages, conversions);
  }
  await sql`
    update ingest_shard set drained_at = ${new Date(input.wallMs)}, rows_total = rows_total + ${messages.length}
    where id = ${input.shard}`.execute(trx);
  return {
    rows: messages.length,
    visits: clicks.length,
    conversions,
    campaigns: [...campaigns.values()],
    visited,
    oldestWallMs: messages.length === 0 ? null : Math.min(...messages.map((m) => m.wall_at.getTime())),
  };
}

/** Takes messages out of the inbox while it reads what they need to be judged. */
async function takeAndLookUp(
  trx: Db,
  ground: Ground,
  read: readonly Message[],
  ahead: ReadAhead | undefined,
): Promise<{ readonly messages: readonly Message[]; readonly lookups: Lookups }> {
  const beside = new Beside();
  try {
    const taking = beside.run(() => claimMessages(trx, read));
    const lookups = await lookUp(trx, ground, read, ahead?.clicks);
    const messages = await taking;
    if (messages === read) return { messages, lookups };
    const left = new Set<Message | undefined>(messages);
    const touches = lookups.touches.filter((_, index) => left.has(read[index]));
    return { messages, lookups: { ...lookups, touches } };
  } finally {
    await beside.settle();
  }
}

/** These conversions as the changes left them. */
function latestOf(changes: readonly ConversionChange[], ids: ReadonlySet<string>): readonly ConversionRow[] {
  const latest = new Map<string, ConversionRow>();
  for (const { after } of changes) if (ids.has(after.id)) latest.set(after.id, after);
  return [...latest.values()];
}

/** Account → when the first conversion came that its sender attributed. */
function firstFromSender(changes: readonly ConversionChange[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { after } of changes) {
    if (after.attributed_by !== 'sender' || after.account_id === null) continue;
    const atMs = after.received_at.getTime();
    first.set(after.account_id, Math.min(atMs, first.get(after.account_id) ?? atMs));
  }
  return first;
}

/** Tells open pages, when the transaction commits; they read the facts themselves. */
async function announce(trx: Db, messages: readonly Message[], conversions: number): Promise<void> {
  const workspaces = [...new Set(messages.map((m) => m.workspace_id))];
  const news = JSON.stringify({ kind: 'ingest', workspaces, postbacks: messages.length, conversions });
  await sql`select pg_notify('live', ${news})`.execute(trx);
}
