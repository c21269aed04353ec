import { type Kysely, sql } from 'kysely';

/** Apple's install postbacks: what was signed, what stood beside the signature, and what was made of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Apps whose postbacks are expected, and what is ours to know about them: meaning of values, campaigns of identifiers.
  await sql`
    create table apple_app (
      app_id text primary key,
      workspace_id text not null references workspace,
      name text not null,
      settings jsonb not null default '{}',
      added_at timestamptz not null
    )`.execute(db);

  await sql`
    create table apple_postback (
      id uuid primary key,
      -- Null where the app is unknown and several workspaces could be meant.
      workspace_id text,
      received_at timestamptz not null,
      wall_at timestamptz not null,
      method text not null,
      path text not null,
      raw bytea not null,
      content_type text,
      sender_ip inet,
      user_agent text,
      -- Only counts reaches a figure.
      outcome text not null check (outcome in ('counts', 'not_winning', 'dev_signature', 'other_app', 'repeat', 'conflict',
        'bad_signature', 'unverifiable', 'not_apple', 'refused')),
      reason text,
      detail text,
      signature text not null check (signature in ('valid', 'invalid', 'unchecked')),
      -- Apple's id with its conversion window: claimed by the first verified postback, so a forgery cannot take it.
      claim text unique,
      -- The row that claimed it before.
      repeats uuid,
      -- SHA-256 of the signed text: the same claim with another one is a conflict.
      digest text,
      -- Signed, and filled only where the signature is valid.
      framework text,
      version text,
      postback_id text,
      ad_network_id text,
      app_id text,
      campaign_id text,
      source_identifier text,
      event_type text,
      source_app_id text,
      source_domain text,
      fidelity_type smallint,
      won boolean,
      sequence_index smallint,
      -- Beside the signature: whoever passed the postback on could have written it.
      fine_value smallint,
      coarse_value text,
      interaction text,
      country_code text,
      others jsonb not null default '{}',
      warnings text[] not null default '{}'
    )`.execute(db);
  // Reports are of a stretch of time, and nearly all rows count.
  await sql`create index apple_postback_received on apple_postback (received_at)`.execute(db);
  // Bodies and addresses, which go after a time.
  await sql`create index apple_postback_raw on apple_postback (received_at) where raw <> ''`.execute(db);
}
