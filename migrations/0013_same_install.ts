import { type Kysely, sql } from 'kysely';

/** What a conversion is to others: one install that two senders report, and payments of one click. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table conversion
      -- The report that counts, of an install that several senders tell of; excluded is then 'same_install'.
      add column same_as_id uuid,
      -- What it is to earlier payments of its click or person; null for the first.
      add column relation text check (relation in ('payment_after_trial', 'rebill', 'upsell')),
      -- The conversion that it is so to.
      add column relation_of_id uuid,
      add check ((relation is null) = (relation_of_id is null))`.execute(db);
  // All reports of one install are looked at together.
  await sql`create index conversion_same_as on conversion (same_as_id) where same_as_id is not null`.execute(
    db,
  );
  // What a payment follows is looked for under its click, the newest first.
  await sql`create index conversion_click on conversion (click_id, event_at) where click_id is not null`.execute(
    db,
  );
  // A refund without a status says nothing of it.
  await sql`alter table conversion_message alter column status drop not null`.execute(db);
}
