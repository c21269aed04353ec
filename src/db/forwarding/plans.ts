import { type Selectable, sql } from 'kysely';
import { bigintArray, textArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import type { ForwardTable } from '../tables.ts';

export type ForwardRow = Selectable<ForwardTable>;

export interface NotedChange {
  readonly conversionId: string;
  readonly postbackId: string;
  readonly knownFromMs: number;
}

/** Takes the oldest changes that wait for the forwarder; they are back when the transaction is rolled back. */
export async function takeNoted(
  trx: Db,
  workspaceId: string,
  limit: number,
): Promise<readonly NotedChange[]> {
  const { rows } = await sql<{ conversion_id: string; postback_id: string; known_from: Date }>`
    delete from forward_inbox where id in (
      select id from forward_inbox where workspace_id = ${workspaceId} order by id limit ${limit} for update skip locked
    ) returning conversion_id, postback_id, known_from`.execute(trx);
  return rows.map((row) => ({
    conversionId: row.conversion_id,
    postbackId: row.postback_id,
    knownFromMs: row.known_from.getTime(),
  }));
}

/** Rows that only say why nothing is sent have keys of their own, beside those of stages. */
const SKIPPED_KEY = 'none:';

/** What was planned last for a conversion at a destination, by `<destination> <conversion>`. */
export async function latestForwards(
  db: Db,
  conversionIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly key: string; readonly state: ForwardRow['state'] }>> {
  const { rows } = await sql<{
    destination_id: string;
    conversion_id: string;
    key: string;
    state: ForwardRow['state'];
  }>`
    select distinct on (conversion_id, destination_id) destination_id, conversion_id, key, state from forward
    where conversion_id = any(${uuidArray(conversionIds)}::uuid[]) and not starts_with(key, ${SKIPPED_KEY})
    order by conversion_id, destination_id, seq desc`.execute(db);
  return new Map(
    rows.map((row) => [`${row.destination_id} ${row.conversion_id}`, { key: row.key, state: row.state }]),
  );
}

/**
 * Where another sender's report of the same install was told, before this one came to count in its place: by
 * `<destination> <conversion>`.
 */
export async function toldAsRepeats(db: Db, conversionIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ told: string }>`
    select distinct f.destination_id || ' ' || c.same_as_id as told
    from conversion c join forward f on f.conversion_id = c.id
    where c.same_as_id = any(${uuidArray(conversionIds)}::uuid[]) and f.state in ('sending', 'sent')`.execute(
    db,
  );
  return new Set(rows.map((row) => row.told));
}

/** One stage of a conversion for a destination, to be sent, or the reason why none is. */
export interface Plan {
  readonly destinationId: string;
  readonly conversionId: string;
  readonly event: string;
  readonly status: string;
  readonly amountMicros: number | null;
  readonly currency: string | null;
  readonly todo:
    | { readonly kind: 'send'; readonly key: string }
    | { readonly kind: 'skip'; readonly reason: string; readonly message: string };
}

/**
 * Stores plans. Each takes the place of what still waits for the same conversion at the same destination: an overtaken stage
 * that arrived after the newer one would undo it at the receiver.
 */
export async function storePlans(
  trx: Db,
  input: { readonly workspaceId: string; readonly plans: readonly Plan[]; readonly nowMs: number },
): Promise<void> {
  const { workspaceId, plans, nowMs } = input;
  if (plans.length === 0) return;
  const at = new Date(nowMs).toISOString();
  const keyOf = (plan: Plan): string =>
    plan.todo.kind === 'send' ? plan.todo.key : `${SKIPPED_KEY}${plan.destinationId}:${plan.conversionId}`;
  const text = (pick: (plan: Plan) => string | null) => sql`${textArray(plans.map(pick))}::text[]`;
  const skipped = (pick: (todo: { reason: string; message: string }) => string) =>
    text((plan) => (plan.todo.kind === 'skip' ? pick(plan.todo) : null));
  const planned = sql`unnest(${text(keyOf)}, ${text((p) => p.destinationId)},
    ${uuidArray(plans.map((p) => p.conversionId))}::uuid[], ${text((p) => p.event)}, ${text((p) => p.status)},
    ${bigintArray(plans.map((p) => p.amountMicros))}::bigint[], ${text((p) => p.currency)},
    ${skipped((todo) => todo.reason)}, ${skipped((todo) => todo.message)})
    as p (key, destination_id, conversion_id, event, status, amount_micros, currency, reason, message)`;
  await sql`
    update forward f set state = 'not_sent', reason = coalesce(p.reason, 'overtaken'),
      message = coalesce(p.message, 'The conversion changed before it was sent.'), next_at = null, settled_at = ${at}::timestamptz
    from ${planned}
    where f.conversion_id = p.conversion_id and f.destination_id = p.destination_id and f.key <> p.key
      and f.state = 'due'`.execute(trx);
  await sql`
    delete from forward f using ${planned}
    where p.reason is null and f.key = ${SKIPPED_KEY} || p.destination_id || ':' || p.conversion_id`.execute(
    trx,
  );
  // A stage that comes back (approved, reversed, approved) is told again under its own key.
  await sql`
    insert into forward (key, workspace_id, destination_id, conversion_id, event, status, amount_micros, currency, state,
      reason, message, next_at, planned_at, settled_at)
    select key, ${workspaceId}, destination_id, conversion_id, event, status, amount_micros, currency,
      case when reason is null then 'due' else 'not_sent' end, reason, message,
      case when reason is null then ${at}::timestamptz end, ${at}::timestamptz,
      case when reason is not null then ${at}::timestamptz end
    from ${planned} order by key
    on conflict (key) do update set
      seq = default, event = excluded.event, status = excluded.status, amount_micros = excluded.amount_micros,
      currency = excluded.currency, state = excluded.state, reason = excluded.reason, message = excluded.message,
      attempts = 0, first_at = null, verdict = null, ask_at = null, asks = 0, receipt = null, next_at = excluded.next_at, planned_at = excluded.planned_at,
      settled_at = excluded.settled_at
    where forward.state not in ('due', 'sending')`.execute(trx);
}
