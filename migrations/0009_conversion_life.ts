import { type Kysely, sql } from 'kysely';

/** What a conversion is by all that was said about it, and who earned it by all that is known of the person. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A conversion that one message tells of stands for that message itself: it has rows here from the second one on, or
  // where its row does not say all of the first.
  await sql`
    create table conversion_message (
      conversion_id uuid not null,
      -- The postback. Repeated messages have none: they are found at the door.
      key uuid not null,
      status text not null check (status in ('pending', 'hold', 'approved', 'rejected', 'reversed')),
      -- As the sender dates it.
      said_at timestamptz,
      received_at timestamptz not null,
      amount_kind text not null check (amount_kind in ('none', 'total', 'delta')),
      amount_micros bigint,
      currency text,
      check ((amount_kind = 'none') = (amount_micros is null)),
      primary key (conversion_id, key)
    )`.execute(db);
  // Value without a count: a difference whose conversion has not come.
  await sql`alter table conversion add column correction boolean not null default false`.execute(db);

  await sql`
    alter table click
      -- An ad that was seen, not clicked, has a row of its own kind.
      add column kind text not null default 'click' check (kind in ('click', 'view')),
      -- Of an ad that brings back people who have the app already.
      add column retargeting boolean not null default false,
      -- SHA-256 of the user's id or e-mail address.
      add column user_hash bytea,
      -- When the visitor went on from the landing page, for the first time.
      add column landed_at timestamptz`.execute(db);
  await sql`create index click_user on click (workspace_id, user_hash) where user_hash is not null`.execute(
    db,
  );

  await sql`
    alter table conversion
      add column match text check (match in ('click_id', 'device', 'user', 'probabilistic', 'follows', 'sender')),
      -- The click id as sent, where click_id names another click: that of what it follows.
      add column sent_click_id text,
      add column view_through boolean not null default false,
      -- On the track of bringing people back, which bids on installs never see.
      add column retargeting boolean not null default false,
      add column user_hash bytea,
      -- At most three of what got nothing, each with its reason in a sentence; null for none.
      add column losers jsonb,
      -- What the payout table pays for it; its amount where no message names one.
      add column payout_micros bigint,
      add column payout_currency text,
      add check ((payout_micros is null) = (payout_currency is null))`.execute(db);

  // Everything of one person: what may follow an install that comes later, or belong to a click that does.
  await sql`create index conversion_device on conversion (device_id, workspace_id) where device_id is not null`.execute(
    db,
  );
  await sql`create index conversion_user on conversion (user_hash, workspace_id) where user_hash is not null`.execute(
    db,
  );
  // Of a known click, and yet an install or trial of that click may come and earn it: too late for the click, a view, of
  // retargeting, or one that goes back to the install before all else.
  await sql`create index conversion_unsettled_click on conversion (click_id) where click_id is not null
    and (attributed_by is null or view_through or retargeting or event_type in ('reinstall', 'uninstall'))`.execute(
    db,
  );
  await sql`create index conversion_sent_click on conversion (sent_click_id) where sent_click_id is not null`.execute(
    db,
  );
  await sql`drop index conversion_uncredited_device`.execute(db);
  await sql`drop index conversion_anchor_device`.execute(db);
  await sql`drop index conversion_anchor_click`.execute(db);
  // What later events of one person are credited by: few beside all events.
  await sql`create index conversion_anchor_click on conversion (click_id) where click_id is not null
    and (event_type in ('install', 're-engagement', 're-attribution') or event ilike '%trial%')`.execute(db);

  // Senders that know names only: Adjust's tracker names.
  await sql`create index object_name on object (account_id, name)`.execute(db);

  await sql`
    create table payout (
      id bigint generated always as identity primary key,
      workspace_id text not null references workspace,
      -- Null for any.
      event text,
      link_id text,
      campaign_id bigint,
      country text,
      valid_from timestamptz not null,
      micros bigint not null check (micros >= 0),
      currency text not null,
      added_at timestamptz not null,
      unique nulls not distinct (workspace_id, event, link_id, campaign_id, country, valid_from)
    )`.execute(db);
}
