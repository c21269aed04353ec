import { sql } from 'kysely';
import type { Grouping } from '../contract/fraud-settings.ts';
import type { ConversionFacts, SignalLimits } from '../core/fraud/conversion-signals.ts';
import { micros } from '../core/money.ts';
import type { Db } from './connection.ts';

/** A conversion that some signal may speak against, with everything that is known for judging it. */
export interface Candidate {
  readonly id: string;
  readonly sourceId: string;
  readonly accountId: string | null;
  /** Null where its click id is no other person's too. */
  readonly clickUse: {
    readonly clickId: string;
    readonly txids: number;
    readonly devices: number;
    readonly addresses: number;
    readonly followUps: number;
  } | null;
  /** By what sources can be told apart (fraud-counts.ts). */
  readonly keys: Readonly<Record<Grouping, string | null>>;
  readonly facts: ConversionFacts;
}

/** The widest of all sources' limits: whoever is inside them has no signal of the kind. */
export interface WidestLimits {
  readonly slowestS: number;
  readonly conversionsOfClick: number;
  readonly installsOfDevice: number;
  readonly conversionsOfNetwork: number;
  readonly clicksOfAddress: number;
  readonly addressesOfDevice: number;
  readonly payoutCapMicros: number | null;
}

export function widest(limits: readonly SignalLimits[]): WidestLimits {
  const least = (of: (one: SignalLimits) => number): number => Math.min(1e9, ...limits.map(of));
  const caps = limits.flatMap((one) => (one.payoutCapMicros === null ? [] : [one.payoutCapMicros]));
  return {
    slowestS: Math.max(0, ...limits.flatMap((one) => [one.paidFastestS, ...Object.values(one.fastestS)])),
    conversionsOfClick: least((one) => one.conversionsOfClick),
    installsOfDevice: least((one) => one.installsOfDevice),
    conversionsOfNetwork: least((one) => one.conversionsOfNetwork),
    clicksOfAddress: least((one) => one.clicksOfAddress),
    addressesOfDevice: least((one) => one.addressesOfDevice),
    payoutCapMicros: caps.length === 0 ? null : Math.min(...caps),
  };
}

/** One device's installs are looked for so far back. */
const DEVICE_DAYS = 90;
/** A site's usual hour is the mean of the day's others. */
const OTHER_HOURS = 23;
/** The same event of a click paid again so soon is no renewal, but perhaps somebody else's. */
const RENEWAL_DAYS = 1;
/** Of one click id the newest say enough. */
const MOST_OF_CLICK = 200;
/** As many of a site within an hour before it is looked at. */
const BURST = 20;

interface Row {
  readonly id: string;
  readonly source_id: string;
  readonly account_id: string | null;
  readonly campaign_id: string | null;
  readonly placement: string | null;
  readonly site: string | null;
  readonly click_id: string | null;
  readonly event: string;
  readonly event_type: string;
  readonly status: string;
  readonly reject_reason: string | null;
  readonly event_at: Date;
  readonly received_at: Date;
  readonly touched_at: Date | null;
  readonly install_begin_at: Date | null;
  readonly installed_at: Date | null;
  readonly original_micros: number | null;
  readonly original_currency: string | null;
  readonly of_click: number | null;
  readonly of_device: number | null;
  readonly of_network: number | null;
  readonly of_address: number | null;
  readonly device_addresses: number | null;
  readonly site_hour: number | null;
  readonly site_day: number | null;
  readonly click_country: string | null;
  readonly country: string | null;
  readonly robot: boolean | null;
  readonly use: Candidate['clickUse'];
}

/** Parameters of a click in which networks tell the visitor's country. */
const CLICK_COUNTRY = ['country', 'country_code', 'countrycode', 'geo_country', 'geo'] as const;
const TWO_LETTERS = '^[A-Za-z]{2}$';

/**
 * The conversions of a stretch of time that may have a signal, in one statement; the core says which have. `also` names
 * groups whose conversions are all wanted: sources that stand out as a whole.
 */
export async function loadCandidates(
  db: Db,
  question: {
    readonly workspaceId: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly limits: WidestLimits;
    readonly also: Readonly<Record<Grouping, readonly string[]>>;
  },
): Promise<readonly Candidate[]> {
  const { workspaceId, limits, also } = question;
  const from = new Date(question.fromMs);
  const to = new Date(question.toMs);
  const { rows } = await sql<Row>`
    with day as materialized (
      select c.id, c.source_id, c.account_id, c.campaign_id, c.placement, p.site, c.click_id, c.event, c.event_type, c.status,
             p.reject_reason, c.event_at, c.received_at, c.device_id, c.txid, c.follows_id, c.original_micros,
             c.original_currency, p.visitor_ip, p.install_begin_at, coalesce(p.installed_at, a.event_at) as installed_at,
             case when not c.view_through then coalesce(c.clicked_at, p.clicked_at) end as touched_at,
             k.ip, k.robot, k.country as click_country, case when p.country ~ ${TWO_LETTERS} then upper(p.country) end as country,
             date_trunc('hour', c.event_at) as hour, date_trunc('hour', k.clicked_at) as click_hour
      from conversion c
      left join lateral (
        select site, country, reject_reason, visitor_ip, install_begin_at, installed_at, clicked_at from postback
        where id = c.first_postback_id and received_at = c.received_at limit 1
      ) p on true
      left join lateral (
        select ip, clicked_at, 'robot' = any(flags) as robot,
               (select upper(params ->> name) from unnest(${[...CLICK_COUNTRY]}::text[]) as name
                where params ->> name ~ ${TWO_LETTERS} limit 1) as country
        from click where id = c.click_id and clicked_at = c.clicked_at limit 1
      ) k on true
      left join lateral (
        select event_at from conversion where id = c.follows_id and event_type = 'install'
      ) a on true
      where c.workspace_id = ${workspaceId} and c.received_at >= ${from} and c.received_at < ${to}
        and c.excluded is distinct from 'test' and c.same_as_id is null
    ), blocks as (
      select id, network(set_masklen(coalesce(visitor_ip, ip), case family(coalesce(visitor_ip, ip)) when 4 then 24 else 48 end)) as block
      from day where coalesce(visitor_ip, ip) is not null
    ), busy as (
      -- Raw addresses are kept for three days, so older clicks are no reason to look.
      select ip, date_trunc('hour', clicked_at) as hour, count(*)::int as clicks from click
      where workspace_id = ${workspaceId} and ip is not null and clicked_at >= ${from}::timestamptz - interval '1 day' and clicked_at < ${to}
      group by 1, 2 having count(*) > ${limits.clicksOfAddress}
    ), uses as (
      -- Over all days: a pasted id comes as seldom as its offer converts. Few click ids have so many conversions.
      select k.click_id, k.source_id, count(distinct c.txid)::int as txids, count(distinct c.device_id)::int as devices,
             count(distinct p.visitor_ip)::int as addresses,
             (count(distinct c.txid) filter (where c.relation in ('payment_after_trial', 'upsell')
                or c.event_at >= r.event_at + make_interval(days => ${RENEWAL_DAYS})))::int as follow_ups
      from (
        select distinct click_id, source_id from day d where click_id is not null and (
          select count(*) from (
            select from conversion where click_id = d.click_id and source_id = d.source_id limit 3
          ) x) > 2
      ) k
      cross join lateral (
        select * from conversion
        where click_id = k.click_id and source_id = k.source_id and excluded is distinct from 'test' and same_as_id is null
        order by event_at desc limit ${MOST_OF_CLICK}
      ) c
      left join lateral (
        select visitor_ip from postback where id = c.first_postback_id and received_at = c.received_at limit 1
      ) p on true
      left join conversion r on r.id = c.relation_of_id
      group by k.click_id, k.source_id
    ), counted as (
      select d.*,
             case when d.click_id is not null then count(*) over (partition by d.click_id) end::int as of_click,
             case when b.block is not null then count(*) over (partition by b.block, d.hour) end::int as of_network,
             case when coalesce(d.site, d.placement) is not null
                  then count(*) over (partition by d.source_id, coalesce(d.site, d.placement), d.hour) end::int as site_hour,
             case when coalesce(d.site, d.placement) is not null
                  then count(*) over (partition by d.source_id, coalesce(d.site, d.placement)) end::int as site_day,
             case when d.device_id is not null and d.event_type = 'install' then (
               select count(*) from conversion o
               where o.device_id = d.device_id and o.workspace_id = ${workspaceId} and o.event_type = 'install'
                 and o.excluded is distinct from 'test' and o.same_as_id is null and o.received_at <= d.received_at
                 and o.received_at > d.received_at - make_interval(days => ${DEVICE_DAYS})) end::int as of_device,
             case when d.device_id is not null then (
               select count(distinct ip) from click o
               where o.workspace_id = ${workspaceId} and o.device_id = d.device_id and o.ip is not null
                 and o.clicked_at > d.event_at - interval '1 day' and o.clicked_at <= d.event_at) end::int as device_addresses
      from day d left join blocks b on b.id = d.id
    )
    select d.id, d.source_id, d.account_id, d.campaign_id::text, d.placement, d.site, d.click_id, d.event, d.event_type,
           d.status, d.reject_reason, d.event_at, d.received_at, d.touched_at, d.install_begin_at, d.installed_at,
           d.original_micros, d.original_currency, d.of_click, d.of_device, d.of_network, d.device_addresses, d.site_hour,
           d.site_day, d.click_country, d.country, d.robot, y.clicks as of_address,
           case when u.txids > 2 or u.devices > 2 or u.addresses > 2
                then jsonb_build_object('clickId', u.click_id, 'txids', u.txids, 'devices', u.devices,
                                        'addresses', u.addresses, 'followUps', u.follow_ups) end as use
    from counted d
    left join busy y on y.ip = d.ip and y.hour = d.click_hour
    left join uses u on u.click_id = d.click_id and u.source_id = d.source_id
    where d.status = 'rejected' or d.reject_reason is not null
       or d.touched_at > d.event_at or d.touched_at > d.install_begin_at or d.install_begin_at > d.installed_at
       or d.installed_at > d.event_at or d.event_at > d.received_at
       or d.event_at - d.touched_at <= make_interval(secs => ${limits.slowestS})
       or d.of_click > ${limits.conversionsOfClick} or d.of_device >= ${limits.installsOfDevice}
       or d.of_network > ${limits.conversionsOfNetwork} or y.clicks is not null
       or d.device_addresses > ${limits.addressesOfDevice} or d.site_hour >= ${BURST}
       or u.txids > 2 or u.devices > 2 or u.addresses > 2 or d.robot or d.click_country <> d.country
       or d.original_micros > ${limits.payoutCapMicros}::bigint
       or d.source_id = any(${[...also.source]}::text[]) or d.campaign_id::text = any(${[...also.campaign]}::text[])
       or d.placement = any(${[...also.placement]}::text[]) or d.site = any(${[...also.site]}::text[])
    order by d.received_at, d.id`.execute(db);
  return rows.map(candidateOf);
}

function candidateOf(row: Row): Candidate {
  const ms = (at: Date | null): number | null => at?.getTime() ?? null;
  return {
    id: row.id,
    sourceId: row.source_id,
    accountId: row.account_id,
    clickUse: row.use,
    keys: {
      source: row.source_id,
      campaign: row.campaign_id,
      placement: row.placement,
      site: row.site,
    },
    facts: {
      event: row.event,
      eventType: row.event_type,
      eventAtMs: row.event_at.getTime(),
      // What was in the future when it came stays odd, however late it is judged.
      nowMs: row.received_at.getTime(),
      clickedAtMs: ms(row.touched_at),
      installBeginAtMs: ms(row.install_begin_at),
      installedAtMs: ms(row.installed_at),
      rejectedBySender:
        row.status === 'rejected' || row.reject_reason !== null ? (row.reject_reason ?? '') : null,
      amountMicros: row.original_micros === null ? null : micros(row.original_micros),
      currency: row.original_currency,
      conversionsOfClick: row.of_click,
      installsOfDevice: row.of_device,
      conversionsOfNetwork: row.of_network,
      clicksOfAddress: row.of_address,
      siteHour:
        row.site_hour === null || row.site_day === null
          ? null
          : {
              conversions: row.site_hour,
              usual: (row.site_day - row.site_hour) / OTHER_HOURS,
            },
      addressesOfDevice: row.device_addresses,
      clickCountry: row.click_country,
      country: row.country,
      robotClick: row.robot === true,
    },
  };
}

/** A source's newest transaction ids of a stretch of time, at most 500 each, in order of receipt. */
export async function loadTxids(
  db: Db,
  question: {
    readonly workspaceId: string;
    readonly sourceIds: readonly string[];
    readonly fromMs: number;
    readonly toMs: number;
  },
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (question.sourceIds.length === 0) return new Map();
  const { rows } = await sql<{ source_id: string; txids: string[] }>`
    select source_id, array_agg(txid order by received_at, id) as txids from (
      select source_id, txid, received_at, id,
             row_number() over (partition by source_id order by received_at desc, id desc) as n
      from conversion
      where workspace_id = ${question.workspaceId} and source_id = any(${[...question.sourceIds]}::text[])
        and txid is not null and excluded is distinct from 'test'
        and received_at >= ${new Date(question.fromMs)} and received_at < ${new Date(question.toMs)}
    ) c where n <= 500 group by source_id`.execute(db);
  return new Map(rows.map((row) => [row.source_id, row.txids]));
}
