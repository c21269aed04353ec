import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Level, ObjectId } from '../../src/core/object.ts';
import { micros } from '../../src/core/money.ts';
import type { Db } from '../../src/db/connection.ts';

/** Wall and workspace clocks of these tests run together; every instant lies near this one. */
export const T0 = Date.parse('2026-03-10T12:00:00Z');

export interface SeededAccount {
  readonly workspaceId: string;
  readonly accountId: string;
  readonly sourceId: string;
  readonly zone: string;
  /** By network id. */
  readonly objects: ReadonlyMap<string, ObjectId>;
}

export interface SeedOptions {
  readonly name: string;
  readonly zone?: string;
  readonly currency?: string;
  readonly sourceSettings?: Readonly<Record<string, unknown>>;
}

const TREE: readonly { level: Level; id: string; campaign?: string; adset?: string; creative?: string }[] = [
  { level: 'campaign', id: 'c1' },
  { level: 'campaign', id: 'c2' },
  { level: 'adset', id: 's1', campaign: 'c1' },
  { level: 'adset', id: 's2', campaign: 'c2' },
  { level: 'creative', id: 'v1' },
  { level: 'creative', id: 'v2' },
  { level: 'ad', id: 'a1', campaign: 'c1', adset: 's1', creative: 'v1' },
  { level: 'ad', id: 'a2', campaign: 'c1', adset: 's1', creative: 'v2' },
  { level: 'ad', id: 'a3', campaign: 'c2', adset: 's2', creative: 'v1' },
];

/** A workspace on the wall's clock with one account of two campaigns, three ads and two creatives, and one source. */
export async function seedAccount(db: Db, options: SeedOptions): Promise<SeededAccount> {
  const { name, zone = 'UTC', currency = 'USD' } = options;
  const at = new Date(T0);
  await db
    .insertInto('workspace')
    .values({
      id: name,
      name,
      currency,
      time_zone: zone,
      clock_origin: at,
      clock_wall_origin: at,
      created_at: at,
      clock_stopped_at: null,
      clock_wall_seen_at: null,
      halted_at: null,
      halt_reason: null,
    })
    .execute();
  await db
    .insertInto('ad_account')
    .values({
      id: `${name}-account`,
      workspace_id: name,
      network: 'meta',
      network_account_id: `act_${name}`,
      name,
      currency,
      time_zone: zone,
      base_url: null,
      credentials_sealed: null,
      halted_at: null,
      halt_reason: null,
      spend_as_of: null,
      tracking_since: null,
      synced_at: null,
      sync_error: null,
      created_at: at,
    })
    .execute();
  await db
    .insertInto('source')
    .values({
      id: `${name}-source`,
      workspace_id: name,
      profile: 'generic',
      name,
      key_hash: null,
      key_sealed: null,
      settings: JSON.stringify(options.sourceSettings ?? {}),
      created_at: at,
      removed_at: null,
    })
    .execute();
  const objects = new Map<string, ObjectId>();
  const seeded = {
    workspaceId: name,
    accountId: `${name}-account`,
    sourceId: `${name}-source`,
    zone,
    objects,
  };
  for (const { level, id, campaign, adset, creative } of TREE) {
    await addObject(db, seeded, { level, networkId: id, campaign, adset, creative });
  }
  return seeded;
}

export async function addObject(
  db: Db,
  seeded: SeededAccount,
  object: {
    level: Level;
    networkId: string;
    campaign?: string | undefined;
    adset?: string | undefined;
    creative?: string | undefined;
  },
): Promise<ObjectId> {
  const at = new Date(T0);
  const parent = (id: string | undefined): ObjectId | null =>
    id === undefined ? null : (seeded.objects.get(id) ?? null);
  const { id } = await db
    .insertInto('object')
    .values({
      workspace_id: seeded.workspaceId,
      account_id: seeded.accountId,
      level: object.level,
      network_id: object.networkId,
      name: `name of ${object.networkId}`,
      campaign_id: parent(object.campaign),
      adset_id: parent(object.adset),
      creative_id: parent(object.creative),
      status: 'active',
      delivery: 'active',
      bid_strategy: null,
      bid_micros: null,
      daily_budget_micros: null,
      lifetime_budget_micros: null,
      roas_floor: null,
      learning: null,
      network_created_at: null,
      first_seen_at: at,
      seen_at: at,
      changed_at: at,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  (seeded.objects as Map<string, ObjectId>).set(object.networkId, id);
  return id;
}

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** One of our own click ids for that instant. */
export function clickIdAt(ms: number): string {
  let time = '';
  for (let rest = ms, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32))
    time = DIGITS.charAt(rest % 32) + time;
  // Hexadecimal digits are digits of a click id too.
  return time + randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
}

export interface ClickFacts {
  readonly atMs: number;
  readonly id?: string;
  readonly accountId?: string | null;
  readonly campaign?: string | null;
  readonly adset?: string | null;
  readonly ad?: string | null;
  readonly networkClickId?: string | null;
  readonly deviceId?: string | null;
  readonly userHash?: Buffer | null;
  readonly kind?: 'click' | 'view';
  readonly retargeting?: boolean;
  readonly linkId?: string | null;
  readonly network?: string;
  readonly params?: Readonly<Record<string, string>>;
}

/** A stored click with its row in the click inbox, as the tracking endpoint writes them. @returns its id. */
export async function addClick(db: Db, seeded: SeededAccount, facts: ClickFacts): Promise<string> {
  const id = facts.id ?? clickIdAt(facts.atMs);
  const at = new Date(facts.atMs);
  await db
    .insertInto('click')
    .values({
      id,
      workspace_id: seeded.workspaceId,
      link_id: facts.linkId ?? null,
      account_id: facts.accountId === undefined ? seeded.accountId : facts.accountId,
      network: facts.network ?? 'meta',
      campaign_network_id: facts.campaign ?? null,
      adset_network_id: facts.adset ?? null,
      ad_network_id: facts.ad ?? null,
      creative: null,
      placement: null,
      network_click_id: facts.networkClickId ?? null,
      network_click_param: null,
      device_id: facts.deviceId ?? null,
      ip_hash: null,
      ip: null,
      user_agent: null,
      params: JSON.stringify(facts.params ?? {}),
      clicked_at: at,
      wall_at: at,
      kind: facts.kind ?? 'click',
      retargeting: facts.retargeting ?? false,
      user_hash: facts.userHash ?? null,
    })
    .execute();
  await db.insertInto('click_inbox').values({ click_id: id, clicked_at: at }).execute();
  return id;
}

export interface PostbackFacts {
  readonly atMs: number;
  readonly clickId?: string | null;
  readonly event?: string;
  readonly eventType?: string;
  readonly status?: string | null;
  readonly amount?: number | null;
  readonly currency?: string | null;
  readonly eventAtMs?: number | null;
  readonly deviceId?: string | null;
  readonly senderIds?: Readonly<Record<string, string>> | null;
  /** Conversion key; null makes every message a conversion of its own. */
  readonly key?: string | null;
  readonly test?: boolean;
  readonly userHash?: Buffer | null;
  readonly country?: string | null;
  readonly viewThrough?: boolean;
  readonly reEngagement?: boolean;
  readonly slot?: number;
}

/** An accepted postback with its inbox row, as the receiver writes them. Amounts in major units. @returns its id. */
export async function addPostback(db: Db, seeded: SeededAccount, facts: PostbackFacts): Promise<string> {
  const id = randomUUID();
  const at = new Date(facts.atMs);
  await db
    .insertInto('postback')
    .values({
      id,
      workspace_id: seeded.workspaceId,
      source_id: seeded.sourceId,
      received_at: at,
      wall_at: at,
      method: 'GET',
      path: '/p',
      raw: Buffer.from(''),
      content_type: null,
      sender_ip: null,
      user_agent: null,
      outcome: 'accepted',
      reason: null,
      detail: null,
      click_id: facts.clickId ?? null,
      event: facts.event ?? 'purchase',
      event_type: facts.eventType ?? 'event',
      status: facts.status === undefined ? 'approved' : facts.status,
      txid: facts.key ?? null,
      amount_micros:
        facts.amount === undefined || facts.amount === null ? null : micros(Math.round(facts.amount * 1e6)),
      currency: facts.currency === undefined ? 'USD' : facts.currency,
      event_at: facts.eventAtMs === undefined || facts.eventAtMs === null ? null : new Date(facts.eventAtMs),
      device_id: facts.deviceId ?? null,
      sender_ids: facts.senderIds ? JSON.stringify(facts.senderIds) : null,
      conversion_key: facts.key === undefined || facts.key === null ? null : Buffer.from(facts.key),
      test: facts.test ?? false,
      conversion_id: null,
      user_hash: facts.userHash ?? null,
      country: facts.country ?? null,
      view_through: facts.viewThrough ?? false,
      re_engagement: facts.reEngagement ?? false,
    })
    .execute();
  await db
    .insertInto('inbox')
    .values({ postback_id: id, received_at: at, slot: facts.slot ?? 0 })
    .execute();
  return id;
}

/** The running totals beside the sums of hours they must equal: empty when they do. */
export async function totalsThatDiffer(db: Db): Promise<readonly unknown[]> {
  const { rows } = await sql`
    select e.object_id, e.event, e.day, e.conversions, e.value_micros, e.unconverted, h.*
    from event_day e
    join ad_account a on a.id = e.account_id
    cross join lateral (
      select coalesce(sum(conversions), 0) as c, coalesce(sum(value_micros), 0) as v, coalesce(sum(unconverted), 0) as u
      from conversion_hour h
      where h.object_id = e.object_id and h.event = e.event and h.event_type = e.event_type
        and h.status in ('pending', 'approved') and (h.hour at time zone a.time_zone)::date <= e.day
    ) h
    where (e.conversions, e.value_micros, e.unconverted) <> (h.c, h.v, h.u)
    union all
    select o.object_id, 'traffic', o.day, o.spend_micros, o.visits, o.clicks, h.s, v.v, h.c
    from object_day o
    join ad_account a on a.id = o.account_id
    cross join lateral (
      select coalesce(sum(spend_micros), 0) as s, coalesce(sum(clicks), 0) as c from spend_hour h
      where h.object_id = o.object_id and (h.hour at time zone a.time_zone)::date <= o.day
    ) h
    cross join lateral (
      select coalesce(sum(visits), 0) as v from visit_hour h
      where h.object_id = o.object_id and (h.hour at time zone a.time_zone)::date <= o.day
    ) v
    where (o.spend_micros, o.visits, o.clicks) <> (h.s, v.v, h.c)`.execute(db);
  return rows;
}
