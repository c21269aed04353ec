import { addDays, dayBounds, dayOf } from '../../core/zone.ts';
import { type HourTotals, reportedHours } from '../books.ts';
import type { World } from '../world.ts';
import type { AccountFacts } from './graph.ts';
import { invalid } from './errors.ts';
import { majorText } from './money.ts';
import { jsonParam, listParam, type Params, textParam } from './params.ts';

const HOUR_MS = 3_600_000;
const HOURLY = 'hourly_stats_aggregated_by_advertiser_time_zone';
const LEVELS = ['account', 'campaign', 'adset', 'ad'] as const;
type ReportLevel = (typeof LEVELS)[number];

interface Row {
  readonly ids: Readonly<Record<string, string>>;
  readonly date: { readonly start: string; readonly stop: string };
  readonly label: string | null;
  readonly totals: { spendMicros: number; impressions: number; clicks: number };
}

/**
 * A report's rows: every metric a string, nothing for objects without delivery, hours as local labels.
 *
 * @param node the object asked, whose ads are reported; null for the whole account.
 */
export function insightRows(
  world: World,
  account: AccountFacts,
  query: {
    readonly node: { level: string; id: string } | null;
    readonly params: Params;
    readonly nowMs: number;
  },
): readonly Record<string, unknown>[] {
  const { params, nowMs } = query;
  const zone = world.plan.timeZone;
  const level = (textParam(params, 'level') ?? query.node?.level ?? 'account') as ReportLevel;
  if (!LEVELS.includes(level))
    throw invalid('Param level must be one of {ad, adset, campaign, account}', undefined, 'level');
  const range = timeRange(params, nowMs, zone);
  const hourly = (listParam(params, 'breakdowns') ?? []).includes(HOURLY);
  const daily = textParam(params, 'time_increment') === '1';
  const rows = new Map<string, Row>();

  for (const [index, ad] of world.plan.ads.entries()) {
    const ids = idsOf(world, index, account);
    if (query.node && ids[`${query.node.level}_id`] !== query.node.id) continue;
    const groupIds = idsAt(ids, level);
    const hours = reportedHours(world.books, index, {
      fromMs: dayBounds(range.since, zone).startMs,
      toMs: dayBounds(range.until, zone).endMs,
      nowMs,
    });
    for (const hour of hours) {
      const date = daily ? dayOf(hour.hourMs, zone).date : null;
      const label = hourly ? hourLabel(hour.hourMs, zone) : null;
      const key = `${groupIds[`${level}_id`] ?? ''}|${date ?? ''}|${label ?? ''}`;
      const row = rows.get(key) ?? {
        ids: { ...groupIds, ...(level === 'ad' ? { ad_name: ad.name } : {}) },
        date: { start: date ?? range.since, stop: date ?? range.until },
        label,
        totals: { spendMicros: 0, impressions: 0, clicks: 0 },
      };
      add(row.totals, hour);
      rows.set(key, row);
    }
  }
  const fields = listParam(params, 'fields') ?? ['impressions', 'spend'];
  return [...rows.values()].map((row) => asText(row, fields, world.plan.currency));
}

function add(totals: Row['totals'], hour: HourTotals): void {
  totals.spendMicros += hour.spendMicros;
  totals.impressions += hour.impressions;
  totals.clicks += hour.clicks;
}

function asText(row: Row, fields: readonly string[], currency: string): Record<string, unknown> {
  const { spendMicros, impressions, clicks } = row.totals;
  const all: Record<string, unknown> = {
    ...row.ids,
    account_currency: currency,
    spend: majorText(spendMicros, currency),
    impressions: String(impressions),
    // Every click on the ad unit, of which the link clicks are a part.
    clicks: String(Math.ceil(clicks * 1.3)),
    inline_link_clicks: String(clicks),
    ...(clicks > 0 ? { actions: [{ action_type: 'link_click', value: String(clicks) }] } : {}),
  };
  return {
    ...Object.fromEntries(fields.flatMap((field) => (all[field] === undefined ? [] : [[field, all[field]]]))),
    date_start: row.date.start,
    date_stop: row.date.stop,
    ...(row.label === null ? {} : { [HOURLY]: row.label }),
  };
}

/** "10:00:00 - 10:59:59": the local clock's hour, so that both hours of an autumn night share one label. */
function hourLabel(hourMs: number, zone: string): string {
  const text = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' }).format(
    hourMs,
  );
  return `${text}:00:00 - ${text}:59:59`;
}

function idsOf(world: World, index: number, account: AccountFacts): Record<string, string> {
  const ad = world.plan.ads[index];
  const adset = ad && world.plan.adsets[ad.adset];
  const campaign = adset && world.plan.campaigns[adset.campaign];
  return {
    account_id: account.id,
    campaign_id: campaign?.id ?? '',
    campaign_name: campaign?.name ?? '',
    adset_id: adset?.id ?? '',
    adset_name: adset?.name ?? '',
    ad_id: ad?.id ?? '',
  };
}

function idsAt(ids: Record<string, string>, level: ReportLevel): Record<string, string> {
  const known = LEVELS.slice(0, LEVELS.indexOf(level) + 1);
  return Object.fromEntries(
    Object.entries(ids).filter(([key]) => known.some((name) => key.startsWith(`${name}_`))),
  );
}

function timeRange(
  params: Params,
  nowMs: number,
  zone: string,
): { readonly since: string; readonly until: string } {
  const range = jsonParam(params, 'time_range');
  const today = dayOf(nowMs, zone).date;
  if (typeof range === 'object' && range !== null && 'since' in range && 'until' in range) {
    const { since, until } = range;
    const isDate = (text: unknown): text is string =>
      typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text);
    if (!isDate(since) || !isDate(until) || since > until) {
      throw invalid(
        'Param time_range must hold since and until as YYYY-MM-DD, since not after until',
        undefined,
        'time_range',
      );
    }
    if ((dayBounds(until, zone).startMs - dayBounds(since, zone).startMs) / (24 * HOUR_MS) > 37 * 31) {
      throw invalid(
        '(#3018) The start date of the time range cannot be beyond 37 months from the current date',
      );
    }
    return { since, until };
  }
  switch (textParam(params, 'date_preset') ?? 'last_30d') {
    case 'today':
      return { since: today, until: today };
    case 'yesterday':
      return { since: addDays(today, -1), until: addDays(today, -1) };
    case 'last_7d':
      return { since: addDays(today, -7), until: addDays(today, -1) };
    case 'last_30d':
      return { since: addDays(today, -30), until: addDays(today, -1) };
    default:
      throw invalid('Param date_preset is not one that this server knows', undefined, 'date_preset');
  }
}
