import { type Kysely, sql } from 'kysely';

/** What a conversion is by all that was said about it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A conversion that one message tells of stands for that message itself: it has rows here from the second one on, or
  // where its row does not say all of the first.
  await sql`
    create table conversion_message (
      conversion_id uuid not null,
      -- The postback. Repeated messages have none: they are found at the door.
      key uuid not null,
      status text not null check (status in ('pending', 'hold', 'approved', 'rejected', 'reversed')),
      -- As the sender dates it.
      said_at timestamptz,
      received_at timestamptz not null,
      amount_kind text not null check (amount_kind in ('none', 'total', 'delta')),
      amount_micros bigint,
      currency text,
      check ((amount_kind = 'none') = (amount_micros is null)),
      primary key (conversion_id, key)
    )`.execute(db);
  // Value without a count: a difference whose conversion has not come.
  await sql`alter table conversion add column correction boolean not null default false`.execute(db);
}
