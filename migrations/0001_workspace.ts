import { type Kysely, sql } from 'kysely';

/** Who owns what: workspaces with their clock, ad accounts, postback sources, links, and the account's objects. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table workspace (
      id text primary key,
      name text not null,
      currency text not null check (currency ~ '^[A-Z]{3}$'),
      time_zone text not null,
      simulated boolean not null default false,
      -- The workspace clock: now = clock_origin + (wall - clock_wall_origin) * clock_rate, frozen at clock_stopped_at.
      clock_origin timestamptz not null,
      clock_wall_origin timestamptz not null,
      clock_rate double precision not null default 1 check (clock_rate > 0),
      clock_stopped_at timestamptz,
      -- Last wall instant the engine was seen alive, so that a killed engine's clock stops there.
      clock_wall_seen_at timestamptz,
      halted_at timestamptz,
      halt_reason text,
      created_at timestamptz not null
    )`.execute(db);

  await sql`
    create table ad_account (
      id text primary key,
      workspace_id text not null references workspace,
      network text not null,
      network_account_id text not null,
      name text not null,
      currency text not null check (currency ~ '^[A-Z]{3}$'),
      time_zone text not null,
      base_url text,
      credentials_sealed bytea,
      writes_allowed boolean not null default false,
      halted_at timestamptz,
      halt_reason text,
      -- End of the newest hour whose spend the network has reported: every window ends here.
      spend_as_of timestamptz,
      -- From here on our own clicks and postbacks are complete; windows that begin earlier have no conversion metrics.
      tracking_since timestamptz,
      -- What it was that came first: our own clicks, or conversions that the sender attributes by its own ids. In the
      -- second case the network's clicks are never to be found among ours, and that is no fault.
      tracking_by text check (tracking_by in ('click', 'sender')),
      -- Account-local day up to which the running totals have no gaps; moves on with spend_as_of.
      totals_dense_to date,
      synced_at timestamptz,
      sync_error text,
      created_at timestamptz not null,
      unique (workspace_id, network, network_account_id)
    )`.execute(db);

  await sql`
    create table source (
      id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      workspace_id text not null references workspace,
      profile text not null,
      name text not null,
      -- sha-256 of the key a sender must show; null accepts anyone.
      key_hash bytea,
      key_sealed bytea,
      settings jsonb not null default '{}',
      created_at timestamptz not null,
      removed_at timestamptz
    )`.execute(db);

  await sql`
    create table link (
      id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
      workspace_id text not null references workspace,
      account_id text references ad_account,
      network text not null,
      name text not null,
      target_url text not null,
      fallback_url text,
      created_at timestamptz not null,
      removed_at timestamptz
    )`.execute(db);

  // One table for every level: decisions, leases and explanations point at an object without asking what it is.
  await sql`
    create table object (
      id bigint generated always as identity primary key,
      workspace_id text not null references workspace,
      account_id text not null references ad_account,
      level text not null check (level in ('campaign', 'adset', 'ad', 'creative')),
      network_id text not null,
      name text not null,
      campaign_id bigint references object,
      adset_id bigint references object,
      creative_id bigint references object,
      -- What was set, and what is true once parents and reviews are counted in.
      status text not null check (status in ('active', 'paused', 'archived', 'deleted')),
      delivery text not null,
      bid_strategy text,
      bid_micros bigint,
      daily_budget_micros bigint,
      lifetime_budget_micros bigint,
      roas_floor double precision,
      learning text,
      labels text[] not null default '{}',
      network_created_at timestamptz,
      first_seen_at timestamptz not null,
      seen_at timestamptz not null,
      changed_at timestamptz not null,
      unique (account_id, level, network_id)
    )`.execute(db);
  await sql`create index object_campaign on object (campaign_id, level)`.execute(db);
  await sql`create index object_adset on object (adset_id) where adset_id is not null`.execute(db);

  // A row only when something changed; a backtest at T reads the newest row with known_from <= T.
  await sql`
    create table object_version (
      object_id bigint not null references object,
      known_from timestamptz not null,
      name text not null,
      status text not null,
      delivery text not null,
      bid_strategy text,
      bid_micros bigint,
      daily_budget_micros bigint,
      lifetime_budget_micros bigint,
      roas_floor double precision,
      learning text,
      labels text[] not null,
      primary key (object_id, known_from)
    )`.execute(db);
}
