import { CompiledQuery, sql } from 'kysely';
import type { Relation } from '../core/conversion-relation.ts';
import type { Db } from './connection.ts';
import { drainWithin } from './ingest/drain-batch.ts';
import { insertPostbacks, type NewPostback } from './postback-insert.ts';

/** What would become of a postback, had it arrived just now. */
export interface Rehearsal {
  /** `duplicate`: the same message was accepted before; `accepted` would be answered 200. */
  readonly answer: 'accepted' | 'duplicate';
  /** As its row would say; null for a duplicate. */
  readonly outcome: string | null;
  readonly reason: string | null;
  /** The sentence of its attribution. */
  readonly detail: string | null;
  readonly warnings: readonly string[];
  readonly conversion: RehearsedConversion | null;
}

export interface RehearsedConversion {
  /** It would change one that is on record. */
  readonly exists: boolean;
  readonly status: string;
  readonly counted: boolean;
  readonly excluded: string | null;
  readonly valueMicros: number | null;
  /** The account's; null where no account is known. */
  readonly currency: string | null;
  /** The amount as it was sent; null where none was. */
  readonly sentMicros: number | null;
  readonly sentCurrency: string | null;
  readonly accountId: string | null;
  readonly object: string | null;
  readonly campaign: string | null;
  /** What it is to earlier payments; null for the first. */
  readonly relation: Exclude<Relation, 'first'> | null;
  /** Who was passed over, and why, a sentence each. */
  readonly losers: readonly string[];
}

/** Longer than this, a busy installation has better things to do. */
const PATIENCE_MS = 5_000;

/** Thrown to take everything back; carries what was seen. */
class Seen extends Error {
  readonly rehearsal: Rehearsal;
  constructor(rehearsal: Rehearsal) {
    super('rehearsed');
    this.rehearsal = rehearsal;
  }
}

/**
 * Stores a postback and judges it with ingest's own code, in one transaction that is always rolled back: what is told
 * is what would happen, and nothing is kept. Ingest waits for it as for a batch of its own, some milliseconds.
 *
 * @param row of kind `new`, of a workspace.
 * @throws the database's error: 57014 after five seconds.
 */
export async function rehearse(db: Db, row: NewPostback, wallMs: number): Promise<Rehearsal> {
  try {
    await db.transaction().execute(async (trx) => {
      await sql`select set_config('statement_timeout', ${String(PATIENCE_MS)}, true)`.execute(trx);
      throw new Seen(await within(trx, row, wallMs));
    });
  } catch (error) {
    if (error instanceof Seen) return error.rehearsal;
    throw error;
  }
  throw new Error('a rehearsal is never committed');
}

async function within(trx: Db, row: NewPostback, wallMs: number): Promise<Rehearsal> {
  const repeated = await insertPostbacks(
    {
      query: async ({ text, values }) =>
        await trx.executeQuery<{ id: string }>(CompiledQuery.raw(text, values)),
    },
    [row],
  );
  if (repeated.length > 0)
    return { answer: 'duplicate', outcome: null, reason: null, detail: null, warnings: [], conversion: null };
  const id = Buffer.from(row.id).toString('hex');
  // Those that wait are nobody's business here; they are back in their place when this is taken back.
  await sql`delete from inbox where slot = ${row.slot} and postback_id <> ${id}::uuid`.execute(trx);
  await drainWithin(trx, { shard: `${row.slot}-${row.slot}`, limit: 1, clickLimit: 0, wallMs });
  const told = await trx
    .selectFrom('postback')
    .select(['outcome', 'reason', 'detail', 'warnings', 'conversion_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return {
    answer: 'accepted',
    outcome: told.outcome,
    reason: told.reason,
    detail: told.detail,
    warnings: told.warnings,
    conversion: told.conversion_id === null ? null : await conversionOf(trx, told.conversion_id, id),
  };
}

async function conversionOf(
  trx: Db,
  conversionId: string,
  postbackId: string,
): Promise<RehearsedConversion | null> {
  const row = await trx
    .selectFrom('conversion as c')
    .leftJoin('ad_account as a', 'a.id', 'c.account_id')
    .leftJoin('object as o', 'o.id', 'c.object_id')
    .leftJoin('object as k', 'k.id', 'c.campaign_id')
    .select([
      'c.status',
      'c.counted',
      'c.excluded',
      'c.value_micros',
      'c.original_micros',
      'c.original_currency',
      'c.account_id',
      'c.losers',
      'c.relation',
      'a.currency',
      'o.name as object',
      'k.name as campaign',
      sql<boolean>`c.first_postback_id <> ${postbackId}::uuid`.as('exists'),
    ])
    .where('c.id', '=', conversionId)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    exists: row.exists,
    status: row.status,
    counted: row.counted,
    excluded: row.excluded,
    valueMicros: row.value_micros,
    currency: row.currency,
    sentMicros: row.original_micros,
    sentCurrency: row.original_currency,
    accountId: row.account_id,
    object: row.object,
    campaign: row.campaign,
    relation: row.relation,
    losers: (row.losers ?? []).map((loser) => loser.text),
  };
}
