import { type Kysely, sql } from 'kysely';

/** Postbacks out: verdicts that a receiver gives later, and marks by which our own postbacks are known when they return. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table forward
      -- Of a receiver that takes first and judges later (Google); null where taking was all.
      add column verdict text check (verdict in ('awaited', 'confirmed', 'refused', 'unknown')),
      -- When it is asked next, and how often it was.
      add column ask_at timestamptz,
      add column asks integer not null default 0`.execute(db);
  await sql`create index forward_to_ask on forward (workspace_id, destination_id, ask_at) where verdict = 'awaited'`.execute(
    db,
  );
  await sql`
    alter table forward_attempt
      -- A request that tells of the conversion, or one that asks what became of it.
      add column kind text not null default 'send' check (kind in ('send', 'ask')),
      drop constraint forward_attempt_verdict_check,
      add constraint forward_attempt_verdict_check check (verdict in
        ('delivered', 'repeat', 'retry', 'failed', 'given_up', 'unknown', 'awaited', 'confirmed', 'refused'))`.execute(
    db,
  );
  // Installations that passed this message on, as it says: one that names ours came from ourselves and goes out no more.
  await sql`alter table postback add column via text`.execute(db);
}
