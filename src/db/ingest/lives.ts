import { sql } from 'kysely';
import { type DuplicatePolicy, readAmount } from '../../core/conversion-amount.ts';
import type { LifeMessage } from '../../core/conversion-life.ts';
import { readStatus } from '../../core/conversion.ts';
import { type Micros, micros } from '../../core/money.ts';
import { bigintArray, textArray, timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import type { ConversionMessageTable } from '../tables.ts';
import type { ConversionRow, Message } from './messages.ts';

export type Told = readonly [LifeMessage, ...LifeMessage[]];

interface ToStore {
  readonly conversionId: string;
  readonly message: LifeMessage;
}

/** What was said about conversions: the stored messages, and those of the batch as it is worked through. */
export class Lives {
  readonly #told = new Map<string, Told>();
  readonly #stored = new Set<string>();
  readonly #toStore: ToStore[] = [];

  /** Takes in stored messages. */
  stored(conversionId: string, messages: Told): void {
    this.#told.set(conversionId, messages);
    this.#stored.add(conversionId);
  }

  /** Every message about a conversion. One without any of its own stands for its only message itself. */
  of(row: ConversionRow): Told {
    return this.#told.get(row.id) ?? [messageOfRow(row)];
  }

  /** Notes the message that began a conversion; stored only where the row does not say all of it. */
  begin(row: ConversionRow, message: LifeMessage): void {
    this.#told.set(row.id, [message]);
    if (!sameMessage(messageOfRow(row), message)) this.#keep(row.id, [message]);
  }

  /** Notes one more message of a known conversion, before the row changes by it. */
  add(row: ConversionRow, message: LifeMessage): void {
    const before = this.of(row);
    this.#told.set(row.id, [...before, message]);
    this.#keep(row.id, this.#stored.has(row.id) ? [message] : [...before, message]);
  }

  /** Keeps what was said apart from the row, before the row comes to say something else by itself. */
  pin(row: ConversionRow): void {
    if (!this.#stored.has(row.id)) this.#keep(row.id, this.of(row));
  }

  /** Messages of this batch that have to be stored. */
  get toStore(): readonly ToStore[] {
    return this.#toStore;
  }

  #keep(conversionId: string, messages: readonly LifeMessage[]): void {
    this.#stored.add(conversionId);
    for (const message of messages) this.#toStore.push({ conversionId, message });
  }
}

/** A postback as a message about its conversion. @param duplicates its source's policy. */
export function lifeMessageOf(message: Message, duplicates: DuplicatePolicy): LifeMessage {
  // The door leaves out the status of a refund alone.
  const status = readStatus(message.status) ?? ((message.amount_micros ?? 0) < 0 ? null : 'approved');
  return {
    key: message.id,
    status,
    atMs: message.event_at?.getTime() ?? null,
    receivedAtMs: message.received_at.getTime(),
    amount: readAmount({
      status,
      amountMicros: message.amount_micros === null ? null : micros(message.amount_micros),
      deltaMicros: null,
      currency: message.currency,
      repeatsAdd: duplicates === 'add',
    }),
  };
}

function messageOfRow(row: ConversionRow): LifeMessage {
  return {
    key: row.first_postback_id,
    status: row.status,
    atMs: row.status_at?.getTime() ?? null,
    receivedAtMs: row.received_at.getTime(),
    amount:
      row.original_micros === null ? { kind: 'none' } : totalOf(row.original_micros, row.original_currency),
  };
}

const totalOf = (amount: Micros, currency: string | null): LifeMessage['amount'] => ({
  kind: 'total',
  micros: amount,
  currency,
});

function sameMessage(a: LifeMessage, b: LifeMessage): boolean {
  if (a.status !== b.status || a.atMs !== b.atMs || a.amount.kind !== b.amount.kind) return false;
  if (a.amount.kind === 'none' || b.amount.kind === 'none') return true;
  return a.amount.micros === b.amount.micros && a.amount.currency === b.amount.currency;
}

/** Reads what was said about these conversions. @param lives takes it in. */
export async function loadLives(
  trx: Db,
  conversionIds: readonly string[],
  lives = new Lives(),
): Promise<Lives> {
  if (conversionIds.length === 0) return lives;
  const { rows } = await sql<ConversionMessageTable>`
    select conversion_id, key, status, said_at, received_at, amount_kind, amount_micros, currency
    from conversion_message where conversion_id = any(${uuidArray([...new Set(conversionIds)])}::uuid[])`.execute(
    trx,
  );
  for (const [id, of] of Map.groupBy(rows, (row) => row.conversion_id)) {
    const [first, ...rest] = of.map(readMessage);
    if (first) lives.stored(id, [first, ...rest]);
  }
  return lives;
}

function readMessage(row: ConversionMessageTable): LifeMessage {
  const { amount_kind: kind, amount_micros: amount, currency } = row;
  return {
    key: row.key,
    status: row.status,
    atMs: row.said_at?.getTime() ?? null,
    receivedAtMs: row.received_at.getTime(),
    amount: kind === 'none' || amount === null ? { kind: 'none' } : { kind, micros: amount, currency },
  };
}

/** Stores what the batch added. */
export async function storeLives(trx: Db, lives: Lives): Promise<void> {
  const rows = lives.toStore;
  if (rows.length === 0) return;
  const amounts = rows.map(({ message: { amount } }) => (amount.kind === 'none' ? null : amount));
  await sql`
    insert into conversion_message (conversion_id, key, status, said_at, received_at, amount_kind, amount_micros, currency)
    select * from unnest(
      ${uuidArray(rows.map((r) => r.conversionId))}::uuid[], ${uuidArray(rows.map((r) => r.message.key))}::uuid[],
      ${textArray(rows.map((r) => r.message.status))}::text[],
      ${timestampArray(rows.map((r) => r.message.atMs))}::timestamptz[],
      ${timestampArray(rows.map((r) => r.message.receivedAtMs))}::timestamptz[],
      ${textArray(rows.map((r) => r.message.amount.kind))}::text[],
      ${bigintArray(amounts.map((amount) => amount?.micros ?? null))}::bigint[],
      ${textArray(amounts.map((amount) => amount?.currency ?? null))}::text[])
    on conflict do nothing`.execute(trx);
}
