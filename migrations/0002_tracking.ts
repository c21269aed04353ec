import { type Kysely, sql } from 'kysely';

/** What arrives: clicks, postbacks, their keys and the inbox. What grows is partitioned by day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table click (
      -- Own ids are ULIDs: their first 48 bits are clicked_at in ms, so a lookup by id names its partition.
      id text not null,
      workspace_id text not null,
      link_id text,
      account_id text,
      network text not null,
      campaign_network_id text,
      adset_network_id text,
      ad_network_id text,
      creative text,
      placement text,
      -- The network's own click id (gclid, fbclid, ttclid, ...) and the parameter it came in.
      network_click_id text,
      network_click_param text,
      device_id text,
      ip_hash bytea,
      ip inet,
      user_agent text,
      params jsonb not null default '{}',
      flags text[] not null default '{}',
      clicked_at timestamptz not null,
      wall_at timestamptz not null,
      primary key (id, clicked_at)
    ) partition by range (clicked_at)`.execute(db);
  await sql`create table click_default partition of click default`.execute(db);
  await sql`create index click_network_id on click (network_click_id) where network_click_id is not null`.execute(
    db,
  );
  // Raw addresses, of the last 72 hours only.
  await sql`create index click_raw_ip on click (clicked_at) where ip is not null`.execute(db);
  await sql`create index click_device on click (workspace_id, device_id) where device_id is not null`.execute(
    db,
  );

  // Visits that made no click, with the reason: unknown link, link preview, unreadable body. Few, and for a week only.
  await sql`
    create table refused_click (
      id bigint generated always as identity primary key,
      -- Null where the link is not known.
      workspace_id text,
      link_id text not null,
      reason text not null,
      method text not null,
      -- Path and query as received, the first 1,000 characters.
      url text not null,
      user_agent text,
      wall_at timestamptz not null
    )`.execute(db);
  await sql`create index refused_click_at on refused_click (wall_at)`.execute(db);

  // Clicks whose visits are not yet counted into the hourly rollups; ingest deletes what it has counted.
  await sql`
    create table click_inbox (
      id bigint generated always as identity primary key,
      click_id text not null,
      clicked_at timestamptz not null
    )`.execute(db);

  // What names an object that no sync has brought yet: counted at its parent (object_id) or nowhere until then.
  await sql`
    create table waiting_for_object (
      workspace_id text not null,
      -- The deepest id it named.
      network_id text not null,
      kind text not null check (kind in ('visit', 'conversion')),
      -- Click id or conversion id.
      id text not null,
      -- When it was clicked or received: the partition of the click or of the first postback.
      at timestamptz not null,
      object_id bigint,
      primary key (workspace_id, network_id, kind, id)
    )`.execute(db);

  await sql`
    create table postback (
      id uuid not null,
      workspace_id text,
      source_id text not null,
      received_at timestamptz not null,
      wall_at timestamptz not null,
      method text not null,
      path text not null,
      -- As received, with the source's secret replaced by key:<id>.
      raw bytea not null,
      content_type text,
      sender_ip inet,
      user_agent text,
      -- accepted | duplicate | refused, then what ingest finds: counted, updated, unattributed, late, rejected, quarantined, test.
      outcome text not null,
      reason text,
      detail text,
      click_id text,
      event text,
      event_type text,
      status text,
      txid text,
      amount_micros bigint,
      currency text,
      event_at timestamptz,
      device_id text,
      -- Ids by which the sender attributes: {"campaign","adset","ad","network"} as the network spells them.
      sender_ids jsonb,
      conversion_key bytea,
      warnings text[] not null default '{}',
      test boolean not null default false,
      conversion_id uuid,
      primary key (id, received_at)
    ) partition by range (received_at)`.execute(db);
  await sql`create table postback_default partition of postback default`.execute(db);
  await sql`create index postback_recent on postback (source_id, received_at desc)`.execute(db);
  // Messages that no workspace owns (unknown source): few, and shown to whoever looks.
  await sql`create index postback_unowned on postback (received_at desc) where workspace_id is null`.execute(
    db,
  );

  // Claimed in the answer's own transaction; alone decides "duplicate" in the answer. Unpartitioned on purpose.
  await sql`
    create table message_key (
      key bytea primary key,
      postback_id uuid not null,
      received_at timestamptz not null,
      expires_at timestamptz
    )`.execute(db);

  await sql`
    create table inbox (
      postback_id uuid not null,
      received_at timestamptz not null,
      slot smallint not null check (slot between 0 and 63),
      -- In order of arrival: the drain takes the oldest first, by this index alone.
      primary key (received_at, postback_id)
    )`.execute(db);

  await sql`
    create table unauthenticated_count (
      address text not null,
      minute timestamptz not null,
      kept integer not null default 0,
      dropped integer not null default 0,
      primary key (address, minute)
    )`.execute(db);

  await sql`
    create table ip_salt (
      valid_from timestamptz primary key,
      salt bytea not null
    )`.execute(db);
}
