import { sql } from 'kysely';
import {
  BASIS_HOURS,
  costPerVisit,
  estimateOpenHours,
  HALF_LIFE_HOURS,
  type OpenHour,
  type SpendEstimate,
  visitCostSpread,
} from '../core/estimated-spend.ts';
import type { Level, ObjectId } from '../core/object.ts';
import { readWindow, windowBounds } from '../core/windows.ts';
import { hourEnd } from '../core/zone.ts';
import type { Db } from './connection.ts';
import { LEAST_CLICKS_TO_COMPARE, LEAST_TRACKED_SHARE, UNDER_TRACKED } from './evidence-health.ts';
import { loadWindowMetrics } from './metrics.ts';

const HOUR_MS = 3_600_000;

export interface EstimateInput {
  readonly accountId: string;
  readonly zone: string;
  readonly level: Level;
  readonly objectIds: readonly ObjectId[];
  /** Window spellings of `est.*`. */
  readonly windows: readonly string[];
  readonly asOfMs: number;
  /** Workspace time. */
  readonly nowMs: number;
  readonly trackingSinceMs: number | null;
  readonly trackingBy: 'click' | 'sender' | null;
}

/**
 * Spend and conversions of some objects of one level up to this minute, set-based: one query for what a visit cost in the
 * newest reported hours (of the object, and of its campaign to fall back on), one for the hours since, and the windows as
 * they stand now.
 *
 * @returns an estimate for every object; `why` is set in those that cannot be estimated.
 */
export async function loadEstimates(
  db: Db,
  input: EstimateInput,
): Promise<ReadonlyMap<ObjectId, SpendEstimate>> {
  const { zone, nowMs, asOfMs } = input;
  if (input.objectIds.length === 0) return new Map();
  // The running hour counts: a window of the estimate ends at its end.
  const endMs = Math.max(asOfMs, hourEnd(nowMs, zone));
  const [windows, costs, open] = await Promise.all([
    loadWindowMetrics(db, {
      accountId: input.accountId,
      zone,
      level: input.level,
      objectIds: input.objectIds,
      asOfMs: endMs,
      windows: input.windows.map((spelling) => {
        const window = readWindow(spelling);
        if ('problem' in window) throw new Error(window.problem);
        return { spelling, bounds: windowBounds(window, endMs, zone) };
      }),
    }),
    loadCosts(db, input),
    loadOpenHours(db, input, endMs),
  ]);
  const result = new Map<ObjectId, SpendEstimate>();
  for (const id of input.objectIds) {
    const own = costs.objects.get(id);
    const campaign = own === undefined ? undefined : costs.campaigns.get(own.campaign);
    const cost = costPerVisit(own ?? NOTHING, campaign ?? NOTHING);
    const hours = open.get(id) ?? [];
    const why = reasonNot(input, { own, cost, hours });
    result.set(id, {
      toMs: nowMs,
      windows: windows.get(id) ?? {},
      ...estimateOpenHours(hours, cost, {
        visits: own?.visits ?? 0,
        spread: visitCostSpread(campaign ?? NONE),
      }),
      ...(why === undefined ? {} : { why }),
    });
  }
  return result;
}

const NOTHING = { spend: 0, visits: 0 };
const NONE = { hours: 0, ss: 0, sv: 0, vv: 0, s: 0, v: 0 };

function reasonNot(
  input: EstimateInput,
  found: {
    readonly own: Basis | undefined;
    readonly cost: number | null;
    readonly hours: readonly OpenHour[];
  },
): string | undefined {
  if (input.trackingSinceMs === null) return 'no click of this account has been tracked yet';
  if (input.trackingBy === 'sender')
    return "this account's clicks do not come through our links, so there are no visits to estimate from";
  const { own, cost, hours } = found;
  if (
    own !== undefined &&
    own.clicks >= LEAST_CLICKS_TO_COMPARE &&
    own.visitsUnweighted < own.clicks * LEAST_TRACKED_SHARE
  )
    return UNDER_TRACKED;
  if (cost === null && hours.some((hour) => hour.visits > 0))
    return `no visit of its campaign in the ${BASIS_HOURS} newest reported hours has a known cost`;
  return undefined;
}

/** Weighted sums of an object's newest reported hours, and the unweighted counts by which its tracking is judged. */
interface Basis {
  readonly campaign: string;
  readonly spend: number;
  readonly visits: number;
  readonly clicks: number;
  readonly visitsUnweighted: number;
}

type CampaignBasis = Parameters<typeof visitCostSpread>[0] & {
  readonly spend: number;
  readonly visits: number;
};

async function loadCosts(
  db: Db,
  input: EstimateInput,
): Promise<{
  readonly objects: ReadonlyMap<ObjectId, Basis>;
  readonly campaigns: ReadonlyMap<string, CampaignBasis>;
}> {
  const asOf = new Date(input.asOfMs);
  // Hours before tracking began have spend without visits and would make a visit look dear.
  const since = new Date(Math.max(input.asOfMs - BASIS_HOURS * HOUR_MS, input.trackingSinceMs ?? -Infinity));
  if (!(since < asOf)) return { objects: new Map(), campaigns: new Map() };
  const parents = await campaignsOf(db, input);
  const { rows } = await sql<{
    root: ObjectId | null;
    campaign: string;
    spend: number;
    visits: number;
    clicks: number;
    seen: number;
    hours: number;
    ss: number;
    sv: number;
    vv: number;
    s: number;
    v: number;
  }>`
    with ${leaves(input, [...new Set(parents.map((one) => one.campaign))])},
    fact as (
      select l.root, l.campaign, s.hour, s.spend_micros / 1e6::float8 as spend, s.clicks, 0::float8 as visits
      from leaf l cross join lateral ${hoursOf('spend_hour', since, asOf)} s
      union all
      select l.root, l.campaign, v.hour, 0, 0, v.visits::float8
      from leaf l cross join lateral ${hoursOf('visit_hour', since, asOf)} v
    ),
    weighed as (
      select *, power(0.5::float8, extract(epoch from ${asOf}::timestamptz - hour)::float8 / 3600 / ${HALF_LIFE_HOURS}::float8) as w
      from fact
    ),
    -- Of each object, and of each campaign by hour: the spread needs squares of whole hours.
    sums as (
      select campaign, root, grouping(root) as whole, sum(w * spend) as spend, sum(w * visits) as visits,
             sum(clicks)::float8 as clicks, sum(spend) as s, sum(visits) as v
      from weighed group by grouping sets ((campaign, root), (campaign, hour))
    )
    select root, campaign, spend, visits, clicks, v as seen, 0 as hours, 0 as ss, 0 as sv, 0 as vv, s, v
    from sums where whole = 0 and root is not null
    union all
    select null, campaign, sum(spend), sum(visits), sum(clicks), sum(v), count(*) filter (where v > 0)::int,
           sum(s * s), sum(s * v), sum(v * v), sum(s), sum(v)
    from sums where whole = 1 group by campaign`.execute(db);
  const objects = new Map<ObjectId, Basis>();
  const campaigns = new Map<string, CampaignBasis>();
  for (const { root, ...row } of rows) {
    if (root === null) campaigns.set(row.campaign, row);
    else objects.set(root, { ...row, visitsUnweighted: row.seen });
  }
  // An object without any fact in these hours falls back on its campaign all the same.
  for (const { id, campaign } of parents) {
    if (!objects.has(id)) objects.set(id, { campaign, spend: 0, visits: 0, clicks: 0, visitsUnweighted: 0 });
  }
  return { objects, campaigns };
}

async function campaignsOf(
  db: Db,
  input: EstimateInput,
): Promise<readonly { id: ObjectId; campaign: string }[]> {
  const { rows } = await sql<{ id: ObjectId; campaign: string }>`
    select id, ${campaignKey(input.level)} as campaign from object o
    where id = any(${input.objectIds}::bigint[])`.execute(db);
  return rows;
}

/** Visits and first reports of the hours from `asOfMs` on, by object. */
async function loadOpenHours(
  db: Db,
  input: EstimateInput,
  endMs: number,
): Promise<ReadonlyMap<ObjectId, readonly OpenHour[]>> {
  const from = new Date(input.asOfMs);
  const to = new Date(endMs);
  const { rows } = await sql<{ root: ObjectId; hour: Date; visits: number; reported: number }>`
    with ${leaves(input, null)}
    select root, hour, sum(visits)::float8 as visits, sum(spend)::float8 as reported
    from (
      select l.root, v.hour, v.visits, 0::float8 as spend
      from leaf l cross join lateral ${hoursOf('visit_hour', from, to)} v
      union all
      select l.root, s.hour, 0, s.spend_micros / 1e6::float8
      from leaf l cross join lateral ${hoursOf('spend_hour', from, to)} s
    ) f
    group by root, hour order by root, hour`.execute(db);
  const open = new Map<ObjectId, OpenHour[]>();
  for (const { root, hour, visits, reported } of rows) {
    const list = open.get(root);
    const one = { fromMs: hour.getTime(), visits, reported };
    if (list) list.push(one);
    else open.set(root, [one]);
  }
  return open;
}

/** One object's hours within [from, to). `offset 0` keeps it a probe by key: a campaign's hours are few beside all ads'. */
function hoursOf(table: 'spend_hour' | 'visit_hour', from: Date, to: Date) {
  return sql`(select * from ${sql.table(table)} where object_id = l.leaf and hour >= ${from} and hour < ${to} offset 0)`;
}

/**
 * CTE `leaf (root, leaf, campaign)`: what lies below each asked object, itself included. With `campaigns`, everything in
 * them, the asked ones' siblings too, for the campaigns' sums. A creative has no one campaign: all asked ones are each
 * other's siblings.
 */
function leaves({ level, objectIds }: EstimateInput, campaigns: readonly string[] | null) {
  const ids = sql`unnest(${objectIds}::bigint[]) as i (id)`;
  if (level === 'creative')
    return sql`leaf as materialized (
      select i.id as root, o.id as leaf, '' as campaign
      from ${ids} join object o on o.creative_id = i.id and o.level = 'ad')`;
  const within = (parent: 'campaign_id' | 'adset_id') =>
    sql`lateral (select id, level, adset_id from object where ${sql.ref(parent)} = i.id and level in ('adset', 'ad') offset 0) o`;
  if (campaigns !== null || level === 'campaign') {
    const of = campaigns === null ? ids : sql`unnest(${campaigns}::bigint[]) as i (id)`;
    const root = {
      campaign: sql`i.id`,
      adset: sql`coalesce(o.adset_id, case when o.level = 'adset' then o.id end)`,
      ad: sql`case when o.level = 'ad' then o.id end`,
    }[level];
    return sql`leaf as materialized (
      select ${root} as root, o.id as leaf, i.id::text as campaign from ${of} cross join ${within('campaign_id')}
      union all
      select ${level === 'campaign' ? sql`i.id` : sql`null`}, i.id, i.id::text from ${of})`;
  }
  const below =
    level === 'ad'
      ? sql``
      : sql`union all select i.id, o.id, '' from ${ids} cross join ${within('adset_id')}`;
  return sql`leaf as materialized (select i.id as root, i.id as leaf, '' as campaign from ${ids} ${below})`;
}

function campaignKey(level: Level) {
  return level === 'creative' ? sql`''` : sql`coalesce(o.campaign_id, o.id)::text`;
}
