import { type Kysely, sql } from 'kysely';

/** What is randomised: every due pause of an autopilot draws once, and a small share of them is held back and observed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Draws are hashes under this key, so that nobody can read off beforehand which pause will be held back.
  await sql`alter table workspace add column draw_key uuid not null default gen_random_uuid()`.execute(db);

  // One row per due pause. `episode` counts the pauses of this strategy on this object that were carried out before.
  await sql`
    create table holdout (
      strategy_id text not null references strategy,
      object_id bigint not null references object,
      episode integer not null,
      workspace_id text not null,
      account_id text not null references ad_account,
      strategy_version integer not null,
      arm text not null check (arm in ('held', 'acted')),
      -- Uniform in [0, 1): held where it lies below the propensity, the chance of being held.
      draw double precision not null,
      propensity double precision not null check (propensity > 0 and propensity <= 1),
      drawn_at timestamptz not null,
      -- End of being held; null where the pause was carried out at once.
      until timestamptz,
      -- The keep that held it back, where it was a decision of its own.
      keep_id uuid,
      -- The pause: at once, or once it is no longer held and still due.
      pause_id uuid,
      check ((arm = 'held') = (until is not null)),
      primary key (strategy_id, object_id, episode)
    )`.execute(db);
  await sql`create index holdout_account on holdout (account_id, drawn_at)`.execute(db);
}
