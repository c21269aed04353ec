import { type Kysely, sql } from 'kysely';

/**
 * What a postback says beside who, what and how much: the sender's own times, its verdicts, and what joins it to the
 * same person's other clicks. Columns that may stay empty: PostgreSQL rewrites no partition for them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table postback
      -- As the sender says; our own click's time stands on the click.
      add column clicked_at timestamptz,
      add column installed_at timestamptz,
      -- When the store began the download.
      add column install_begin_at timestamptz,
      add column site text,
      add column view_through boolean not null default false,
      add column re_engagement boolean not null default false,
      -- In the sender's words; null where it rejects nothing, or says only that it does.
      add column reject_reason text,
      -- SHA-256 of the user's id or e-mail address; the id itself is in raw alone.
      add column user_hash bytea,
      -- Two letters.
      add column country text,
      -- The person's, never the sending server's.
      add column visitor_ip inet,
      -- What the person agreed to; null where nobody said.
      add column consent_user_data boolean,
      add column consent_personalization boolean`.execute(db);

  // What a sender signs its postbacks with; the rule itself is a setting.
  await sql`alter table source add column signature_sealed bytea`.execute(db);

  // Where the workspace's alerts go: an address that holds its own key, as chat systems give them.
  await sql`alter table workspace add column alert_url_sealed bytea`.execute(db);
  // What is wrong just now; a row goes when it is over, so that the next time is told again.
  await sql`
    create table alert (
      workspace_id text not null references workspace on delete cascade,
      -- What and whose: silent_source:shop.
      key text not null,
      text text not null,
      next text not null,
      since timestamptz not null,
      -- Null until the receiver took it.
      sent_at timestamptz,
      primary key (workspace_id, key)
    )`.execute(db);
}
