import { type Kysely, sql } from 'kysely';

/** Postbacks out: where conversions go, what is to be told of each, and every attempt at it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table destination (
      id text primary key,
      workspace_id text not null references workspace,
      name text not null,
      kind text not null check (kind in ('template', 'meta', 'tiktok', 'google', 'microsoft')),
      settings jsonb not null default '{}',
      -- Name → value, sealed as one; the names stand beside them, so that a list need not open anything.
      secrets_sealed bytea,
      secret_names text[] not null default '{}',
      enabled boolean not null default true,
      -- It asked for a pause, or did not answer: nothing is sent to it before.
      rest_until timestamptz,
      created_at timestamptz not null,
      changed_at timestamptz not null,
      removed_at timestamptz
    )`.execute(db);
  // Asked by every batch of ingest that changes conversions: nearly always empty.
  await sql`create index destination_in_use on destination (workspace_id) where enabled and removed_at is null`.execute(
    db,
  );

  // Conversions that changed where somebody wants to know. Written with the change itself; read and emptied by the
  // forwarder. No unique key: ingest must never wait for a reader.
  await sql`
    create table forward_inbox (
      id bigint generated always as identity primary key,
      workspace_id text not null,
      conversion_id uuid not null,
      -- The message behind the change, and when it was received: what it said about consent.
      postback_id uuid not null,
      known_from timestamptz not null
    )`.execute(db);
  await sql`create index forward_inbox_workspace on forward_inbox (workspace_id, id)`.execute(db);

  // What the person agreed to, kept beyond the raw postback: a replay months later obeys it.
  await sql`
    create table conversion_consent (
      conversion_id uuid primary key,
      ad_user_data boolean,
      ad_personalization boolean
    )`.execute(db);

  await sql`
    create table forward (
      -- Destination × conversion × stage, as a hash: the same stage is never told twice.
      key text primary key,
      workspace_id text not null,
      destination_id text not null references destination,
      conversion_id uuid not null,
      -- Order of planning; the highest of a conversion at a destination is what the receiver should hold last.
      seq bigint generated always as identity,
      event text not null,
      status text not null,
      amount_micros bigint,
      currency text,
      state text not null check (state in ('due', 'sending', 'sent', 'failed', 'given_up', 'not_sent')),
      -- Why it is not due or sent: a stable word and a sentence.
      reason text,
      message text,
      -- Since it was last made due by a change or a replay; the day of retries is counted from the first of them.
      attempts integer not null default 0,
      first_at timestamptz,
      next_at timestamptz,
      -- Wall time at which a worker took it; one that died in between is noticed by it.
      taken_wall_at timestamptz,
      receipt text,
      planned_at timestamptz not null,
      settled_at timestamptz
    )`.execute(db);
  await sql`create index forward_due on forward (workspace_id, destination_id, next_at) where state = 'due'`.execute(
    db,
  );
  await sql`create index forward_taken on forward (workspace_id) where state = 'sending'`.execute(db);
  await sql`create index forward_conversion on forward (conversion_id, destination_id, seq)`.execute(db);
  await sql`create index forward_recent on forward (workspace_id, planned_at desc)`.execute(db);

  // A row is written before anything is sent and completed by the answer: one without a verdict is an unknown result.
  await sql`
    create table forward_attempt (
      id bigint generated always as identity primary key,
      forward_key text not null references forward on delete cascade,
      attempt integer not null,
      at timestamptz not null,
      wall_at timestamptz not null,
      method text not null,
      -- Secrets masked. Holds what a template says about the person: kept no longer than a raw postback.
      url text not null,
      body text,
      status integer,
      -- The first kilobyte of the answer, secrets masked.
      answer text,
      latency_ms integer,
      verdict text check (verdict in ('delivered', 'repeat', 'retry', 'failed', 'given_up', 'unknown')),
      why text,
      next_at timestamptz
    )`.execute(db);
  await sql`create index forward_attempt_forward on forward_attempt (forward_key, id)`.execute(db);
  await sql`create index forward_attempt_at on forward_attempt (at)`.execute(db);
}
