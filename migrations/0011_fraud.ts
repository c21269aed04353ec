import { type Kysely, sql } from 'kysely';

/** What speaks against conversions, found after they are counted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table conversion_signal (
      conversion_id uuid not null,
      signal text not null,
      workspace_id text not null,
      source_id text not null,
      -- The sign in a sentence with its numbers.
      detail text not null,
      -- What the policy made of it here: count, or strong enough to keep the conversion out.
      treatment text not null check (treatment in ('count', 'quarantine', 'exclude')),
      found_at timestamptz not null,
      -- A person called the conversion good: nothing keeps it out any more.
      released_at timestamptz,
      primary key (conversion_id, signal)
    )`.execute(db);
  // Lists are of a workspace, newest first.
  await sql`create index conversion_signal_found on conversion_signal (workspace_id, found_at desc)`.execute(
    db,
  );
  // Conversions of the last day or month without a tree that every insert would have to grow: rows lie in order of receipt.
  await sql`create index conversion_received on conversion using brin (received_at) with (pages_per_range = 16)`.execute(
    db,
  );
}
