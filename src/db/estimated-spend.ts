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
import { hourStart } from '../core/zone.ts';
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
  const endMs = Math.max(asOfMs, hourStart(nowMs, zone) + HOUR_MS);
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
    with leaf as materialized (${leaves(input, 'campaign')}),
    fact as (
      select l.root, l.campaign, s.hour, s.spend_micros / 1e6::float8 as spend, s.clicks, 0::bigint as visits
      from leaf l join spend_hour s on s.object_id = l.leaf and s.hour >= ${since} and s.hour < ${asOf}
      union all
      select l.root, l.campaign, v.hour, 0, 0, v.visits
      from leaf l join visit_hour v on v.object_id = l.leaf and v.hour >= ${since} and v.hour < ${asOf}
    ),
    hourly as (
      select campaign, root, grouping(root) as whole, hour, sum(spend) as s, sum(clicks) as clicks, sum(visits)::float8 as v,
             power(0.5::float8, extract(epoch from ${asOf}::timestamptz - hour)::float8 / 3600 / ${HALF_LIFE_HOURS}::float8) as w
      from fact group by grouping sets ((campaign, root, hour), (campaign, hour))
    )
    select root, campaign,
           sum(w * s)::float8 as spend, sum(w * v)::float8 as visits, sum(clicks)::float8 as clicks, sum(v)::float8 as seen,
           count(*) filter (where v > 0)::int as hours, sum(s * s)::float8 as ss, sum(s * v)::float8 as sv,
           sum(v * v)::float8 as vv, sum(s)::float8 as s, sum(v)::float8 as v
    from hourly where whole = 1 or root is not null group by campaign, whole, root`.execute(db);
  const objects = new Map<ObjectId, Basis>();
  const campaigns = new Map<string, CampaignBasis>();
  for (const { root, ...row } of rows) {
    if (root === null) campaigns.set(row.campaign, row);
    else objects.set(root, { ...row, visitsUnweighted: row.seen });
  }
  // An object without any fact in these hours falls back on its campaign all the same.
  for (const { id, campaign } of await campaignsOf(db, input)) {
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
    with leaf as materialized (${leaves(input, 'own')})
    select root, hour, sum(visits)::float8 as visits, sum(spend)::float8 as reported
    from (
      select l.root, v.hour, v.visits, 0::float8 as spend
      from leaf l join visit_hour v on v.object_id = l.leaf and v.hour >= ${from} and v.hour < ${to}
      union all
      select l.root, s.hour, 0, s.spend_micros / 1e6::float8
      from leaf l join spend_hour s on s.object_id = l.leaf and s.hour >= ${from} and s.hour < ${to}
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

/**
 * Rows (root, leaf, campaign): what lies below each asked object, itself included; `campaign` adds its siblings' (whose
 * root is not asked) for the campaign's sums. A creative has no one campaign: all asked ones are each other's siblings.
 */
function leaves(input: EstimateInput, whose: 'own' | 'campaign') {
  const { level, accountId } = input;
  const root = {
    campaign: sql`coalesce(o.campaign_id, o.id)`,
    adset: sql`coalesce(o.adset_id, case when o.level = 'adset' then o.id end)`,
    ad: sql`case when o.level = 'ad' then o.id end`,
    creative: sql`o.creative_id`,
  }[level];
  const ids = sql`any(${input.objectIds}::bigint[])`;
  const ofCampaigns = sql`(o.campaign_id in (select campaign_id from object where id = ${ids})
    or o.id in (select campaign_id from object where id = ${ids}))`;
  const below = {
    campaign: sql`(o.campaign_id = ${ids} or o.id = ${ids})`,
    adset: whose === 'own' ? sql`(o.adset_id = ${ids} or o.id = ${ids})` : ofCampaigns,
    ad: whose === 'own' ? sql`o.id = ${ids}` : ofCampaigns,
    creative: sql`o.creative_id = ${ids}`,
  }[level];
  return sql`
    select ${root} as root, o.id as leaf, ${campaignKey(level)} as campaign
    from object o where o.account_id = ${accountId} and o.level <> 'creative' and ${below}`;
}

function campaignKey(level: Level) {
  return level === 'creative' ? sql`''` : sql`coalesce(o.campaign_id, o.id)::text`;
}
