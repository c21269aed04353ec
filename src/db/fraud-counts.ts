import { sql } from 'kysely';
import type { Grouping } from '../contract/fraud-settings.ts';
import { CTIT_EDGES_S } from '../core/fraud/ctit-histogram.ts';
import type { SourceInput } from '../core/fraud/source-report.ts';
import type { Db } from './connection.ts';

export interface FraudQuestion {
  readonly workspaceId: string;
  /** Null is every account, each judged by itself. */
  readonly accountId: string | null;
  /** Null is every install. */
  readonly event: string | null;
  readonly by: Grouping;
  /** By receipt, workspace time. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the report asks about one source, with what is only shown. */
export interface FraudCounts extends SourceInput {
  /** Clicks to show beside its conversions; where `clicksShared`, all of its account's, which other sources convert too. */
  readonly clicksSeen: number | null;
  readonly clicksShared: boolean;
  /** Of what `by` says: a source's id, a campaign's row id, a placement, a site. */
  readonly key: string;
  readonly accountId: string | null;
  /** Conversions on a device that has several of this source. */
  readonly ofRepeatedDevices: number;
  /** The largest number of conversions that one visitor's address has, and of how many an address is known. */
  readonly ofOneAddress: number;
  readonly withAddress: number;
}

interface Row {
  readonly account_id: string | null;
  readonly key: string;
  readonly label: string;
  readonly rejected: number;
  readonly bins: Readonly<Record<string, number>> | null;
  readonly visits: number | null;
  readonly network_clicks: number | null;
  readonly repeated: number | null;
  readonly one_address: number | null;
  readonly with_address: number | null;
}

/** What tells conversions apart: a column of the conversion `c` or of its first postback `p`. */
export const GROUP_KEY: Readonly<Record<Grouping, ReturnType<typeof sql>>> = {
  source: sql`c.source_id`,
  campaign: sql`c.campaign_id::text`,
  placement: sql`c.placement`,
  site: sql`p.site`,
};

/**
 * Counts for the source report, in one statement: each conversion's time since its click in the core's bins, what the sender
 * rejects, clicks of the same stretch (ours; the network's where an account's clicks do not come by us), devices that
 * repeat, addresses. Conversions without a value for `by` are left out, and tests.
 */
export async function loadFraudCounts(db: Db, question: FraudQuestion): Promise<readonly FraudCounts[]> {
  const { workspaceId, accountId, event, by } = question;
  const from = new Date(question.fromMs);
  const to = new Date(question.toMs);
  const ofEvent = event === null ? sql`c.event_type = 'install'` : sql`c.event = ${event}`;
  const { rows } = await sql<Row>`
    with facts as materialized (
      select c.account_id, ${GROUP_KEY[by]} as key, c.status in ('rejected', 'reversed') as rejected, c.device_id,
             coalesce(k.ip_hash::text, host(p.visitor_ip)) as address,
             width_bucket(extract(epoch from c.event_at - coalesce(c.clicked_at, p.clicked_at))::float8,
                          ${[...CTIT_EDGES_S]}::float8[]) as bin
      from conversion c
      left join lateral (
        select site, visitor_ip, clicked_at from postback
        where id = c.first_postback_id and received_at = c.received_at limit 1
      ) p on true
      left join lateral (
        select ip_hash from click where id = c.click_id and clicked_at = c.clicked_at limit 1
      ) k on true
      where c.workspace_id = ${workspaceId} and c.received_at >= ${from} and c.received_at < ${to} and ${ofEvent}
        and c.excluded is distinct from 'test' and c.same_as_id is null
        and (${accountId}::text is null or c.account_id = ${accountId})
    ), groups as (
      select account_id, key, count(*) filter (where rejected)::int as rejected from facts
      where key is not null group by 1, 2
    ), bins as (
      select account_id, key, jsonb_object_agg(bin, n) as bins
      from (select account_id, key, bin, count(*) as n from facts where bin is not null and not rejected group by 1, 2, 3) b
      group by 1, 2
    ), devices as (
      select account_id, key, (sum(n) filter (where n > 1))::int as repeated
      from (select account_id, key, count(*) as n from facts where device_id is not null group by account_id, key, device_id) d
      group by 1, 2
    ), addresses as (
      select account_id, key, max(n)::int as one_address, sum(n)::int as with_address
      from (select account_id, key, count(*) as n from facts where address is not null group by account_id, key, address) a
      group by 1, 2
    ), clicks as (${clicksOf(by, workspaceId, from, to)})
    select g.account_id, g.key, coalesce(${by === 'campaign' ? sql`(select name from object where id = g.key::bigint)` : sql`null`}, g.key) as label,
           g.rejected, b.bins, k.visits, k.network_clicks, d.repeated, a.one_address, a.with_address
    from groups g
    left join bins b on b.key = g.key and b.account_id is not distinct from g.account_id
    left join devices d on d.key = g.key and d.account_id is not distinct from g.account_id
    left join addresses a on a.key = g.key and a.account_id is not distinct from g.account_id
    left join clicks k on k.key = g.key and k.account_id is not distinct from g.account_id
    order by g.account_id, g.key`.execute(db);
  return countsOf(rows, event ?? 'install', by === 'source');
}

/** Parameters of a click in which networks name the site, as {@link GROUP_KEY} has it of a postback. */
const CLICK_SITE = ['af_siteid', 'siteid', 'site_id', 'publisher_id', 'widget_id', 'zoneid'] as const;

/**
 * Clicks by account and key. A site's are those whose parameters name it, or whose placement it is. No click says which
 * sender will report its conversion: a source has all clicks of the account, to be shown and not to be compared by.
 */
function clicksOf(by: Grouping, workspaceId: string, from: Date, to: Date): ReturnType<typeof sql> {
  switch (by) {
    case 'campaign':
      return sql`
        select account_id, key, nullif(sum(visits), 0)::float8 as visits, nullif(sum(clicks), 0)::float8 as network_clicks
        from (
          select v.account_id, coalesce(o.campaign_id, o.id)::text as key, v.visits, 0 as clicks
          from ad_account a join visit_hour v on v.account_id = a.id join object o on o.id = v.object_id
          where a.workspace_id = ${workspaceId} and v.hour >= ${from} and v.hour < ${to}
          union all
          select s.account_id, coalesce(o.campaign_id, o.id)::text, 0, s.clicks
          from ad_account a join spend_hour s on s.account_id = a.id join object o on o.id = s.object_id
          where a.workspace_id = ${workspaceId} and s.hour >= ${from} and s.hour < ${to}
        ) u group by 1, 2`;
    case 'placement':
      return sql`
        select account_id, placement as key, count(*)::float8 as visits, null::float8 as network_clicks from click
        where workspace_id = ${workspaceId} and clicked_at >= ${from} and clicked_at < ${to} and placement is not null
          and kind = 'click'
        group by 1, 2`;
    case 'site':
      return sql`
        select account_id, key, count(*)::float8 as visits, null::float8 as network_clicks
        from (
          select account_id, coalesce(${sql.join(
            CLICK_SITE.map((name) => sql`params ->> ${name}::text`),
          )}, placement) as key
          from click
          where workspace_id = ${workspaceId} and clicked_at >= ${from} and clicked_at < ${to} and kind = 'click'
        ) s where key in (select key from groups) group by 1, 2`;
    case 'source':
      return sql`
        select g.account_id, g.key, nullif(v.visits, 0)::float8 as visits, nullif(s.clicks, 0)::float8 as network_clicks
        from groups g
        left join (
          select v.account_id, sum(v.visits) as visits from ad_account a join visit_hour v on v.account_id = a.id
          where a.workspace_id = ${workspaceId} and v.hour >= ${from} and v.hour < ${to} group by 1
        ) v on v.account_id = g.account_id
        left join (
          select s.account_id, sum(s.clicks) as clicks from ad_account a join spend_hour s on s.account_id = a.id
          where a.workspace_id = ${workspaceId} and s.hour >= ${from} and s.hour < ${to} group by 1
        ) s on s.account_id = g.account_id`;
  }
}

function countsOf(rows: readonly Row[], event: string, clicksShared: boolean): readonly FraudCounts[] {
  // Ours where an account's clicks come by us at all: two ways of counting must not stand beside one another.
  const tracked = new Set(rows.filter((row) => row.visits !== null).map((row) => row.account_id));
  const labels = Map.groupBy(rows, (row) => `${row.account_id ?? ''} ${row.label}`);
  return rows.map((row) => {
    const clicks = tracked.has(row.account_id) ? row.visits : row.network_clicks;
    const twice = (labels.get(`${row.account_id ?? ''} ${row.label}`)?.length ?? 0) > 1;
    return {
      key: row.key,
      accountId: row.account_id,
      source: twice ? `${row.label} (${row.key})` : row.label,
      group: `${row.account_id ?? 'no account'} ${event}`,
      clicks: clicksShared ? null : clicks,
      clicksSeen: clicks,
      clicksShared,
      histogram: Array.from({ length: CTIT_EDGES_S.length + 1 }, (_, bin) => row.bins?.[String(bin)] ?? 0),
      rejected: row.rejected,
      ofRepeatedDevices: row.repeated ?? 0,
      ofOneAddress: row.one_address ?? 0,
      withAddress: row.with_address ?? 0,
    };
  });
}

/** Events of a stretch of time, the most frequent first: what can be asked instead where there is no install. */
export async function listFraudEvents(
  db: Db,
  question: Pick<FraudQuestion, 'workspaceId' | 'accountId' | 'fromMs' | 'toMs'>,
): Promise<readonly string[]> {
  const { rows } = await sql<{ event: string }>`
    select event from conversion
    where workspace_id = ${question.workspaceId} and received_at >= ${new Date(question.fromMs)}
      and received_at < ${new Date(question.toMs)}
      and (${question.accountId}::text is null or account_id = ${question.accountId})
      and excluded is distinct from 'test'
    group by event order by count(*) desc, event limit 10`.execute(db);
  return rows.map((row) => row.event);
}
