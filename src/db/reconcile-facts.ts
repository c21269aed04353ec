import { sql } from 'kysely';
import { readStatus } from '../core/conversion.ts';
import { micros } from '../core/money.ts';
import type { RecordedConversion, RefusedRequest, ReportedConversion } from '../core/reconcile/facts.ts';
import type { Db } from './connection.ts';

const DAY_MS = 86_400_000;
/** A conversion may be dated by its click on one side and by its approval on the other. */
const AROUND_DAYS = 35;
/** Refused requests are searched one by one; the newest say what is wrong now. */
const MOST_REFUSED = 20_000;

export interface ReconcileQuestion {
  readonly sourceId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reported: readonly ReportedConversion[];
}

interface Row {
  id: string;
  keys: string[];
  sent_click_id: string | null;
  click_id: string | null;
  txid: string | null;
  event: string;
  status: string;
  original_micros: number | null;
  original_currency: string | null;
  event_at: Date;
  counted: boolean;
  excluded: string | null;
  reason: string | null;
}

/** Conversions of a source around the report's stretch of time, and those that share a key with one of its rows, whenever. */
export async function loadRecorded(
  db: Db,
  { sourceId, fromMs, toMs, reported }: ReconcileQuestion,
): Promise<readonly RecordedConversion[]> {
  const keys = [...new Set(reported.flatMap(({ key }) => (key === null ? [] : [key])))];
  const [from, to] = [fromMs - AROUND_DAYS * DAY_MS, toMs + AROUND_DAYS * DAY_MS].map((ms) =>
    new Date(ms).toISOString(),
  );
  const { rows } = await sql<Row>`
    with asked as materialized (
      select k.conversion_id as id from unnest(${keys}::text[]) as u (hex)
      join conversion_key k on k.source_id = ${sourceId} and k.key = decode(u.hex, 'hex')
      union
      select id from conversion
      where source_id = ${sourceId} and event_at >= ${from}::timestamptz and event_at <= ${to}::timestamptz
    )
    select c.id, c.click_id, c.txid, c.event, c.status, c.original_micros, c.original_currency, c.event_at, c.counted,
      c.excluded, p.reason, p.click_id as sent_click_id,
      coalesce(k.keys, '{}') as keys
    from asked join conversion c on c.id = asked.id
    left join (
      select conversion_id, array_agg(encode(key, 'hex')) as keys from conversion_key
      where source_id = ${sourceId} group by conversion_id
    ) k on k.conversion_id = c.id
    left join lateral (
      select reason, click_id from postback where id = c.first_postback_id and received_at = c.received_at
    ) p on true
    order by c.event_at, c.id`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    keys: row.keys,
    clickIds: [...new Set([row.sent_click_id, row.click_id])].filter((id) => id !== null),
    txid: row.txid,
    event: row.event,
    status: readStatus(row.status) ?? 'pending',
    amount:
      row.original_micros === null
        ? null
        : { micros: micros(row.original_micros), currency: row.original_currency ?? '' },
    atMs: row.event_at.getTime(),
    counted: row.counted,
    reason: row.counted ? null : (row.excluded ?? row.reason),
  }));
}

/** Requests of the source that were refused around the report's stretch of time, newest first. */
export async function loadRefused(
  db: Db,
  { sourceId, fromMs, toMs }: ReconcileQuestion,
): Promise<readonly RefusedRequest[]> {
  const rows = await db
    .selectFrom('postback')
    .select(['id', 'reason', 'detail', 'raw'])
    .where('source_id', '=', sourceId)
    .where('outcome', '=', 'refused')
    .where('received_at', '>=', new Date(fromMs - DAY_MS))
    .where('received_at', '<=', new Date(toMs + AROUND_DAYS * DAY_MS))
    .orderBy('received_at', 'desc')
    .limit(MOST_REFUSED)
    .execute();
  return rows.map(({ id, reason, detail, raw }) => ({
    id,
    reason: reason ?? 'refused',
    detail: detail ?? '',
    raw: raw.toString('utf8'),
  }));
}
