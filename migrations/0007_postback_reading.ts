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
}
