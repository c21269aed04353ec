import { type Kysely, sql } from 'kysely';

/** What is concluded and done: strategies and their versions, decisions, evaluations, actions, leases, reservations. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table strategy (
      id text primary key,
      workspace_id text not null references workspace,
      name text not null,
      -- The file it came from, when it came from strategies/.
      origin text,
      current_version integer not null,
      created_at timestamptz not null,
      removed_at timestamptz,
      unique (workspace_id, name)
    )`.execute(db);

  await sql`
    create table strategy_version (
      strategy_id text not null references strategy,
      version integer not null,
      source text not null,
      document jsonb not null,
      content_hash bytea not null,
      created_at timestamptz not null,
      primary key (strategy_id, version)
    )`.execute(db);

  await sql`
    create table decision (
      id uuid primary key,
      workspace_id text not null,
      account_id text not null references ad_account,
      campaign_id bigint,
      object_id bigint not null references object,
      level text not null,
      strategy_id text not null,
      strategy_version integer not null,
      rule text,
      verdict text not null check (verdict in ('pause', 'resume', 'set_bid', 'set_budget', 'notify', 'keep')),
      -- Stable code without numbers.
      reason text not null,
      sentence text not null,
      mode text not null check (mode in ('dry-run', 'approve', 'live')),
      -- status text for pause and resume, micros for bid and budget.
      from_value text,
      to_value text,
      until timestamptz,
      evidence jsonb not null,
      -- What its workflow is given: change, expected live value, approval, summary and details. Null where nothing is to be done.
      plan jsonb,
      engine_version text not null,
      as_of timestamptz not null,
      decided_at timestamptz not null,
      decided_wall_at timestamptz not null,
      undoes uuid references decision,
      -- The decision row is the outbox: due rows without a workflow are started by the next optimize activity.
      needs_workflow boolean not null,
      workflow_started_at timestamptz,
      outcome text,
      outcome_detail text,
      closed_at timestamptz
    )`.execute(db);
  await sql`create index decision_due on decision (account_id) where needs_workflow and workflow_started_at is null`.execute(
    db,
  );
  await sql`create index decision_open on decision (account_id) where needs_workflow and closed_at is null`.execute(
    db,
  );
  await sql`create index decision_ended on decision (account_id, closed_at) where needs_workflow`.execute(db);
  await sql`create index decision_object on decision (object_id, decided_at desc)`.execute(db);
  await sql`create index decision_recent on decision (workspace_id, decided_at desc)`.execute(db);

  // Last evaluation of every object, one compact row per campaign and strategy.
  await sql`
    create table last_evaluation (
      account_id text not null references ad_account,
      campaign_id bigint not null,
      strategy_id text not null,
      strategy_version integer not null,
      as_of timestamptz not null,
      evaluated_at timestamptz not null,
      objects jsonb not null,
      primary key (account_id, campaign_id, strategy_id)
    )`.execute(db);

  // An intent row is committed before each write; what came back is added to it.
  await sql`
    create table action (
      id uuid primary key,
      decision_id uuid not null references decision,
      account_id text not null,
      object_id bigint not null,
      attempt integer not null,
      change jsonb not null,
      expected jsonb not null,
      state text not null check (state in ('intended', 'accepted', 'refused', 'unknown', 'verified', 'not_applied')),
      request_id text,
      error_class text,
      error text,
      seen jsonb,
      intended_at timestamptz not null,
      answered_at timestamptz,
      verified_at timestamptz
    )`.execute(db);
  await sql`create unique index action_attempt on action (decision_id, attempt)`.execute(db);
  await sql`create index action_object on action (object_id, intended_at desc)`.execute(db);

  // One acting decision per target. No expiry: released by its workflow, or by a sweep once Temporal says it is closed.
  await sql`
    create table lease (
      account_id text not null references ad_account,
      level text not null,
      network_id text not null,
      decision_id uuid not null references decision,
      workflow_id text not null,
      taken_at timestamptz not null,
      primary key (account_id, level, network_id)
    )`.execute(db);

  // Reserved under the account row's lock immediately before a write, counted over a rolling 24 h.
  await sql`
    create table guardrail_reservation (
      decision_id uuid primary key references decision,
      account_id text not null references ad_account,
      strategy_id text not null,
      object_id bigint not null,
      campaign_id bigint,
      verdict text not null,
      spend_share double precision not null default 0,
      reserved_at timestamptz not null,
      freed_at timestamptz
    )`.execute(db);
  await sql`create index guardrail_recent on guardrail_reservation (account_id, reserved_at)`.execute(db);
}
