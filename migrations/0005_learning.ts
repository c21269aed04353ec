import { type Kysely, sql } from 'kysely';

/** What an account's own past teaches: delays by cohort, curves and priors made from them, the account's pulse and its outages. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A campaign's conversions by the bucket they are counted in: its cohorts, and its orders since a test began.
  await sql`create index conversion_cohort on conversion (campaign_id, (coalesce(clicked_at, event_at)))
    where campaign_id is not null`.execute(db);
  // Windows counted by the time of the conversion. Rows come nearly in that order: a few bytes per range of pages do.
  await sql`create index conversion_event_at on conversion
    using brin (event_at) with (pages_per_range = 16)`.execute(db);

  // Days of clicks whose conversions have changed since they were last counted; written by ingest, deleted once counted.
  await sql`
    create table cohort_news (
      account_id text not null,
      campaign_id bigint not null,
      -- Account-local date of the click.
      day date not null,
      news_at timestamptz not null,
      primary key (account_id, campaign_id, day)
    )`.execute(db);

  // Counted conversions by how long after their click they were known.
  await sql`
    create table delay_count (
      account_id text not null,
      campaign_id bigint not null,
      day date not null,
      event text not null,
      -- The delay is below this, and not below the next smaller one of the bins; the last bin holds all that is longer.
      below_minutes integer not null,
      conversions bigint not null,
      primary key (account_id, campaign_id, day, event, below_minutes)
    )`.execute(db);

  await sql`
    create table learned (
      account_id text not null references ad_account,
      -- Null is the account as a whole.
      campaign_id bigint,
      event text not null,
      version integer not null,
      learned_at timestamptz not null,
      facts jsonb not null,
      unique nulls not distinct (account_id, event, campaign_id)
    )`.execute(db);

  // The account in its last hours, beside what its past lets one expect; one row, written anew every few minutes.
  await sql`
    create table account_pulse (
      account_id text primary key references ad_account,
      measured_at timestamptz not null,
      -- Null while there is too little to compare.
      expected double precision,
      seen integer,
      hours integer,
      dispersion double precision,
      -- Conversions that were due since the newest one came.
      silent double precision,
      probability double precision
    )`.execute(db);

  // When conversions of an account were not delivered: left out of its exposure. Open while ended_at is null.
  await sql`
    create table outage (
      account_id text not null references ad_account,
      started_at timestamptz not null,
      detected_at timestamptz not null,
      ended_at timestamptz,
      -- limit: it went on for so long that it is taken for how the account converts now.
      ended_by text check (ended_by in ('recovered', 'limit')),
      expected double precision not null,
      seen integer not null,
      primary key (account_id, started_at)
    )`.execute(db);
  await sql`create unique index outage_open on outage (account_id) where ended_at is null`.execute(db);
}
