import type pg from 'pg';
import {
  bigintArray,
  booleanArray,
  byteaArray,
  smallintArray,
  textArray,
  timestampArray,
  uuidArray,
} from './binary-arrays.ts';

/** One request to a tracking endpoint, as it will stand in the table. Texts hold no NUL. */
export interface NewPostback {
  /** 16 bytes, time-ordered. */
  readonly id: Uint8Array;
  readonly workspaceId: string | null;
  readonly sourceId: string;
  /** Workspace time, ms. */
  readonly receivedAtMs: number;
  readonly wallAtMs: number;
  readonly method: string;
  readonly path: string;
  readonly raw: Uint8Array;
  readonly contentType: string | null;
  readonly senderIp: string | null;
  readonly userAgent: string | null;
  /** `new` is accepted unless its key is taken, `duplicate` repeats one in the same batch, `refused` claims nothing. */
  readonly kind: 'new' | 'duplicate' | 'refused';
  readonly reason: string | null;
  readonly detail: string | null;
  readonly clickId: string | null;
  readonly event: string | null;
  readonly eventType: string | null;
  readonly status: string | null;
  readonly txid: string | null;
  readonly amountMicros: number | null;
  readonly currency: string | null;
  readonly eventAtMs: number | null;
  readonly deviceId: string | null;
  /** JSON text. */
  readonly senderIds: string | null;
  readonly conversionKey: Uint8Array | null;
  /** Parted by newlines. */
  readonly warnings: string | null;
  readonly test: boolean;
  /** Times as the sender says them. */
  readonly clickAtMs: number | null;
  readonly installAtMs: number | null;
  readonly installBeginAtMs: number | null;
  readonly site: string | null;
  readonly viewThrough: boolean;
  readonly reEngagement: boolean;
  readonly rejectReason: string | null;
  readonly userHash: Uint8Array | null;
  readonly country: string | null;
  readonly visitorIp: string | null;
  readonly consentUserData: boolean | null;
  readonly consentPersonalization: boolean | null;
  /** Marks of the installations that passed it on. */
  readonly via: string | null;
  /** Null for a message that always counts. */
  readonly messageKey: Uint8Array | null;
  readonly keyExpiresAtMs: number | null;
  readonly slot: number;
}

/** What a postback says besides who, what and how much, where it says none of it. */
export const SAYS_NO_MORE = {
  clickAtMs: null,
  installAtMs: null,
  installBeginAtMs: null,
  site: null,
  viewThrough: false,
  reEngagement: false,
  rejectReason: null,
  userHash: null,
  country: null,
  visitorIp: null,
  consentUserData: null,
  consentPersonalization: null,
  via: null,
} as const satisfies Partial<NewPostback>;

/**
 * Key claim, rows and inbox in one statement, which is one transaction and one round trip. Keys are inserted sorted, so
 * that two batches never wait for each other in a circle; a key past its 72 h is taken over. `in (select …)` is a hashed
 * subplan, whatever the planner believes about the number of rows.
 */
const INSERT = `
with input as materialized (
  select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::bytea[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
    $17::text[], $18::text[], $19::text[], $20::int8[], $21::text[], $22::timestamptz[], $23::text[], $24::text[],
    $25::bytea[], $26::text[], $27::bool[], $28::bytea[], $29::timestamptz[], $30::int2[], $31::timestamptz[],
    $32::timestamptz[], $33::timestamptz[], $34::text[], $35::bool[], $36::bool[], $37::text[], $38::bytea[],
    $39::text[], $40::text[], $41::bool[], $42::bool[], $43::text[])
  as i(id, workspace_id, source_id, received_at, wall_at, method, path, raw, content_type, sender_ip, user_agent, kind,
    reason, detail, click_id, event, event_type, status, txid, amount_micros, currency, event_at, device_id, sender_ids,
    conversion_key, warnings, test, message_key, key_expires_at, slot, clicked_at, installed_at, install_begin_at, site,
    view_through, re_engagement, reject_reason, user_hash, country, visitor_ip, consent_user_data,
    consent_personalization, via)
), claimed as (
  insert into message_key (key, postback_id, received_at, expires_at)
  select message_key, id, received_at, key_expires_at from input
  where kind = 'new' and message_key is not null order by message_key
  on conflict (key) do update
    set postback_id = excluded.postback_id, received_at = excluded.received_at, expires_at = excluded.expires_at
    where message_key.expires_at <= excluded.received_at
  returning postback_id
), judged as materialized (
  select *, case
    when kind <> 'new' then kind
    when message_key is null or id in (select postback_id from claimed) then 'accepted'
    else 'duplicate' end as outcome
  from input
), stored as (
  insert into postback (id, workspace_id, source_id, received_at, wall_at, method, path, raw, content_type, sender_ip,
    user_agent, outcome, reason, detail, click_id, event, event_type, status, txid, amount_micros, currency, event_at,
    device_id, sender_ids, conversion_key, warnings, test, clicked_at, installed_at, install_begin_at, site,
    view_through, re_engagement, reject_reason, user_hash, country, visitor_ip, consent_user_data,
    consent_personalization, via)
  select id, workspace_id, source_id, received_at, wall_at, method, path, raw, content_type, sender_ip::inet,
    user_agent, outcome, case when outcome = 'duplicate' then 'duplicate' else reason end, detail, click_id, event,
    event_type, status, txid, amount_micros, currency, event_at, device_id, sender_ids::jsonb, conversion_key,
    coalesce(string_to_array(warnings, E'\\n'), '{}'), test, clicked_at, installed_at, install_begin_at, site,
    view_through, re_engagement, reject_reason, user_hash, country, visitor_ip::inet, consent_user_data,
    consent_personalization, via
  from judged
), queued as (
  insert into inbox (postback_id, received_at, slot)
  select id, received_at, slot from judged where outcome = 'accepted'
)
select id from judged where kind = 'new' and outcome = 'duplicate'`;

/** What runs the statement: a connection, or a transaction of somebody else's. */
export interface PostbackWriter {
  query(statement: {
    readonly name: string;
    readonly text: string;
    readonly values: unknown[];
  }): Promise<{ readonly rows: readonly { readonly id: string }[] }>;
}

/**
 * Stores a batch, all of it or none; committed when this returns, unless its writer is inside a transaction.
 *
 * @param rows no two of kind `new` with the same message key.
 * @returns ids (as text) of the rows whose key another message had claimed before.
 * @throws the database's error; SQLSTATE classes 22 and 23 mean one of the rows is bad, others that nothing was stored
 *   or that it is not known.
 */
export async function insertPostbacks(
  client: PostbackWriter,
  rows: readonly NewPostback[],
): Promise<readonly string[]> {
  const column = <K extends keyof NewPostback>(key: K): NewPostback[K][] => rows.map((row) => row[key]);
  const values = [
    uuidArray(column('id')),
    textArray(column('workspaceId')),
    textArray(column('sourceId')),
    timestampArray(column('receivedAtMs')),
    timestampArray(column('wallAtMs')),
    textArray(column('method')),
    textArray(column('path')),
    byteaArray(column('raw')),
    textArray(column('contentType')),
    textArray(column('senderIp')),
    textArray(column('userAgent')),
    textArray(column('kind')),
    textArray(column('reason')),
    textArray(column('detail')),
    textArray(column('clickId')),
    textArray(column('event')),
    textArray(column('eventType')),
    textArray(column('status')),
    textArray(column('txid')),
    bigintArray(column('amountMicros')),
    textArray(column('currency')),
    timestampArray(column('eventAtMs')),
    textArray(column('deviceId')),
    textArray(column('senderIds')),
    byteaArray(column('conversionKey')),
    textArray(column('warnings')),
    booleanArray(column('test')),
    byteaArray(column('messageKey')),
    timestampArray(column('keyExpiresAtMs')),
    smallintArray(column('slot')),
    timestampArray(column('clickAtMs')),
    timestampArray(column('installAtMs')),
    timestampArray(column('installBeginAtMs')),
    textArray(column('site')),
    booleanArray(column('viewThrough')),
    booleanArray(column('reEngagement')),
    textArray(column('rejectReason')),
    byteaArray(column('userHash')),
    textArray(column('country')),
    textArray(column('visitorIp')),
    booleanArray(column('consentUserData')),
    booleanArray(column('consentPersonalization')),
    textArray(column('via')),
  ];
  // Named: parsed and planned once a connection, which is most of a small batch's cost.
  const result = await client.query({ name: 'insert-postbacks', text: INSERT, values });
  return result.rows.map((row) => row.id);
}

/** Who holds these keys now: key as hex → postback id. */
export async function findMessages(
  client: pg.ClientBase,
  keys: readonly Uint8Array[],
): Promise<ReadonlyMap<string, string>> {
  const result = await client.query<{ key: Buffer; postback_id: string }>(
    'select key, postback_id from message_key where key = any($1::bytea[])',
    [byteaArray(keys)],
  );
  return new Map(result.rows.map((row) => [row.key.toString('hex'), row.postback_id]));
}
