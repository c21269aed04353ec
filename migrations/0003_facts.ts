import { type Kysely, sql } from 'kysely';

/** What is derived: conversions with every change dated, spend with every restatement dated, rollups by hour, running totals by day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Each ingest transaction first locks its shard row, so an old attempt that still runs cannot interleave.
  await sql`
    create table ingest_shard (
      id text primary key,
      drained_at timestamptz,
      rows_total bigint not null default 0
    )`.execute(db);

  await sql`
    create table conversion (
      id uuid primary key,
      workspace_id text not null,
      source_id text not null,
      account_id text,
      -- Deepest known object (ad, else ad set, else campaign).
      object_id bigint,
      campaign_id bigint,
      click_id text,
      clicked_at timestamptz,
      placement text,
      event text not null,
      event_type text not null,
      status text not null check (status in ('pending', 'hold', 'approved', 'rejected', 'reversed')),
      -- Event time of the message that set the status, where the sender gave one: an older message never overwrites it.
      status_at timestamptz,
      -- In the account's currency; null while unconverted.
      value_micros bigint,
      original_micros bigint,
      original_currency text,
      rate double precision,
      txid text,
      device_id text,
      event_at timestamptz not null,
      received_at timestamptz not null,
      attributed_by text check (attributed_by in ('click', 'sender')),
      attribution text not null,
      -- The install or trial whose attribution this event keeps.
      follows_id uuid,
      -- pending + approved, attributed, not test, not quarantined: this row is in the rollups.
      counted boolean not null,
      excluded text,
      first_postback_id uuid not null,
      last_postback_id uuid not null
    )`.execute(db);
  // Installs and trials, by which later events of the same device or click are credited: few beside all events.
  await sql`create index conversion_anchor_device on conversion (device_id, workspace_id)
    where device_id is not null and (event_type = 'install' or event ilike '%trial%')`.execute(db);
  await sql`create index conversion_anchor_click on conversion (click_id)
    where click_id is not null and (event_type = 'install' or event ilike '%trial%')`.execute(db);
  // What an install or trial that comes later may still credit, and what moves when an install moves.
  await sql`create index conversion_uncredited_device on conversion (device_id, workspace_id)
    where device_id is not null and attributed_by is null`.execute(db);
  await sql`create index conversion_follows on conversion (follows_id) where follows_id is not null`.execute(
    db,
  );
  // Conversions whose click is not stored yet.
  await sql`create index conversion_clickless on conversion (click_id)
    where click_id is not null and clicked_at is null`.execute(db);
  // Foreign revenue that waits for a rate; nearly always empty.
  await sql`create index conversion_unconverted on conversion (workspace_id)
    where value_micros is null and original_micros is not null and attributed_by is not null`.execute(db);

  await sql`
    create table conversion_key (
      source_id text not null,
      key bytea not null,
      conversion_id uuid not null,
      primary key (source_id, key)
    )`.execute(db);

  // Each change a dated delta: a backtest at T sums the rows with known_from <= T.
  await sql`
    create table conversion_change (
      conversion_id uuid not null,
      known_from timestamptz not null,
      postback_id uuid not null,
      status text not null,
      counted_delta smallint not null,
      value_delta_micros bigint not null,
      primary key (conversion_id, known_from, postback_id)
    )`.execute(db);

  // hour = start of an hour of the account's zone; clicks and spend are the network's, visits ours.
  await sql`
    create table spend_hour (
      account_id text not null,
      object_id bigint not null,
      hour timestamptz not null,
      spend_micros bigint not null,
      impressions bigint not null,
      clicks bigint not null,
      reported_at timestamptz not null,
      primary key (object_id, hour)
    )`.execute(db);
  await sql`create index spend_hour_account on spend_hour (account_id, hour)`.execute(db);

  await sql`
    create table spend_version (
      account_id text not null,
      object_id bigint not null,
      hour timestamptz not null,
      known_from timestamptz not null,
      spend_micros bigint not null,
      impressions bigint not null,
      clicks bigint not null,
      primary key (object_id, hour, known_from)
    ) partition by range (hour)`.execute(db);
  await sql`create table spend_version_default partition of spend_version default`.execute(db);

  await sql`
    create table visit_hour (
      account_id text not null,
      object_id bigint not null,
      hour timestamptz not null,
      visits bigint not null,
      primary key (object_id, hour)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index visit_hour_account on visit_hour (account_id, hour)`.execute(db);

  // Hour of the click. conversions and value cover every status: the reader picks (counted = pending + approved).
  await sql`
    create table conversion_hour (
      account_id text not null,
      object_id bigint not null,
      event text not null,
      event_type text not null,
      status text not null,
      hour timestamptz not null,
      conversions bigint not null,
      value_micros bigint not null,
      unconverted bigint not null default 0,
      primary key (object_id, event, event_type, status, hour)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index conversion_hour_account on conversion_hour (account_id, hour)`.execute(db);

  // Running totals since the object's first day: a day window is the difference of two rows.
  // day = the account-local date. A late fact for day d adds its delta to every row with day >= d.
  await sql`
    create table object_day (
      account_id text not null,
      object_id bigint not null,
      day date not null,
      -- Newest day up to this one that has a fact: a row whose day is later was made to close a gap.
      last_fact date not null,
      spend_micros bigint not null default 0,
      impressions bigint not null default 0,
      clicks bigint not null default 0,
      visits bigint not null default 0,
      primary key (object_id, day)
    ) with (fillfactor = 70)`.execute(db);
  await sql`
    create table event_day (
      account_id text not null,
      object_id bigint not null,
      event text not null,
      event_type text not null,
      day date not null,
      last_fact date not null,
      -- Counted conversions only (pending + approved).
      conversions bigint not null default 0,
      value_micros bigint not null default 0,
      unconverted bigint not null default 0,
      primary key (object_id, event, event_type, day)
    ) with (fillfactor = 70)`.execute(db);
  // All of an account's totals of one day. The account's distinct (event, type) pairs are found by stepping through the
  // second index.
  await sql`create index object_day_account on object_day (account_id, day)`.execute(db);
  await sql`create index event_day_account on event_day (account_id, event, event_type, day)`.execute(db);

  // Campaigns that have news since the optimizer last looked; one row each, written by ingest and sync, deleted when looked at.
  await sql`
    create table campaign_news (
      account_id text not null,
      campaign_id bigint not null,
      news_at timestamptz not null,
      primary key (account_id, campaign_id)
    )`.execute(db);

  await sql`
    create table exchange_rate (
      base text not null,
      quote text not null,
      day date not null,
      rate double precision not null check (rate > 0),
      primary key (base, quote, day)
    )`.execute(db);
}
