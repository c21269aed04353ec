import type { Change } from '../../core/decision.ts';
import { type Micros, micros, microsFromDecimal } from '../../core/money.ts';
import type { BidStrategy, Level, LeverKind, LeverState, ObjectStatus } from '../../core/object.ts';
import { dayBounds, hourStart } from '../../core/zone.ts';
import { type NetworkObject, NetworkError, type SpendRow } from '../ad-network.ts';
import type { MetaAd, MetaAdset, MetaCampaign, MetaInsight } from './schema.ts';

const HOUR_MS = 3_600_000;

/** Currencies that Meta counts in whole units; all others in hundredths, whatever ISO 4217 says. */
const WHOLE_UNITS = new Set('CLP COP CRC HUF IDR ISK JPY KRW PYG TWD VND'.split(' '));

/** Micros in one of Meta's minor units. */
export function minorUnitMicros(currency: string): Micros {
  return micros(WHOLE_UNITS.has(currency) ? 1_000_000 : 10_000);
}

/** A bid or budget as Meta tells it, number or digit string; zero and absence both mean "none". */
export function readMinor(value: number | string | undefined, currency: string): Micros | null {
  const count = Number(value ?? 0);
  return count === 0 ? null : micros(count * minorUnitMicros(currency));
}

/**
 * An amount in minor units for a write, rounded down.
 *
 * @throws NetworkError INVALID when rounding would change the value by more than 1 %, or leave nothing.
 */
export function writeMinor(amount: Micros, currency: string): number {
  const unit = minorUnitMicros(currency);
  const count = Math.floor(amount / unit);
  if (count < 1 || amount - count * unit > amount / 100) {
    throw new NetworkError(
      'INVALID',
      `${amount / 1_000_000} ${currency} cannot be set exactly: Meta counts ${currency} in steps of ${unit / 1_000_000}, and rounding down would change it by more than 1 %`,
    );
  }
  return count;
}

/** Spend as reports spell it, decimal text in major units. @throws NetworkError INVALID when it is not a number. */
export function readMajor(text: string): Micros {
  const amount = microsFromDecimal(text);
  if (amount === undefined)
    throw new NetworkError('INVALID', `Meta reported a spend that is not a number: "${text}"`);
  return amount;
}

export function readStatus(status: string): ObjectStatus {
  switch (status) {
    case 'ACTIVE':
      return 'active';
    case 'ARCHIVED':
      return 'archived';
    case 'DELETED':
      return 'deleted';
    default:
      // An unknown word must never look like something that runs.
      return 'paused';
  }
}

const STRATEGIES: Readonly<Record<string, BidStrategy>> = {
  LOWEST_COST_WITHOUT_CAP: 'auto',
  LOWEST_COST_WITH_BID_CAP: 'bid_cap',
  COST_CAP: 'cost_cap',
  LOWEST_COST_WITH_MIN_ROAS: 'min_roas',
};

/** Null where the strategy belongs to another level or is one we do not know: then nobody touches its bid. */
export function readBidStrategy(text: string | undefined): BidStrategy | null {
  return STRATEGIES[text ?? ''] ?? null;
}

/** What can be moved: a bid only under a cap, a budget only where the budget sits. */
export function levers(object: {
  readonly level: Level;
  readonly bidStrategy: BidStrategy | null;
  readonly dailyBudgetMicros: Micros | null;
  readonly lifetimeBudgetMicros: Micros | null;
}): readonly LeverKind[] {
  if (object.level === 'creative') return [];
  if (object.level === 'ad') return ['status'];
  const capped =
    object.level === 'adset' && (object.bidStrategy === 'bid_cap' || object.bidStrategy === 'cost_cap');
  const budgeted = object.dailyBudgetMicros !== null || object.lifetimeBudgetMicros !== null;
  return ['status', ...(capped ? (['bid'] as const) : []), ...(budgeted ? (['budget'] as const) : [])];
}

/** The values a change can touch, of any object that Meta shows. */
export function mapLevers(
  object: Pick<MetaCampaign, 'status' | 'bid_strategy' | 'bid_amount' | 'daily_budget' | 'lifetime_budget'>,
  currency: string,
): LeverState {
  return {
    status: readStatus(object.status),
    bidStrategy: readBidStrategy(object.bid_strategy),
    bidMicros: readMinor(object.bid_amount, currency),
    dailyBudgetMicros: readMinor(object.daily_budget, currency),
    lifetimeBudgetMicros: readMinor(object.lifetime_budget, currency),
  };
}

function mapCommon(
  object: MetaCampaign | MetaAdset | MetaAd,
): Pick<NetworkObject, 'networkId' | 'name' | 'delivery' | 'labels' | 'createdAtMs'> {
  const createdAtMs = object.created_time === undefined ? Number.NaN : Date.parse(object.created_time);
  return {
    networkId: object.id,
    name: object.name,
    delivery: object.effective_status.toLowerCase(),
    labels: (object.adlabels ?? []).flatMap((label) => (label.name === undefined ? [] : [label.name])),
    createdAtMs: Number.isNaN(createdAtMs) ? null : createdAtMs,
  };
}

export function mapCampaign(object: MetaCampaign, currency: string): NetworkObject {
  return {
    level: 'campaign',
    ...mapCommon(object),
    ...mapLevers(object, currency),
    campaignNetworkId: null,
    adsetNetworkId: null,
    creativeNetworkId: null,
    roasFloor: null,
    learning: null,
  };
}

export function mapAdset(object: MetaAdset, currency: string): NetworkObject {
  const floor = object.bid_constraints?.roas_average_floor;
  return {
    level: 'adset',
    ...mapCommon(object),
    ...mapLevers(object, currency),
    campaignNetworkId: object.campaign_id,
    adsetNetworkId: null,
    creativeNetworkId: null,
    // Meta counts a return of 1.0 as 10,000.
    roasFloor: floor === undefined ? null : floor / 10_000,
    learning: object.learning_stage_info?.status?.toLowerCase() ?? null,
  };
}

export function mapAd(object: MetaAd, currency: string): NetworkObject {
  return {
    level: 'ad',
    ...mapCommon(object),
    ...mapLevers(object, currency),
    campaignNetworkId: object.campaign_id,
    adsetNetworkId: object.adset_id,
    creativeNetworkId: object.creative?.id ?? null,
    roasFloor: null,
    learning: null,
  };
}

export function mapCreative(object: { readonly id: string; readonly name: string }): NetworkObject {
  return {
    level: 'creative',
    networkId: object.id,
    name: object.name,
    delivery: 'active',
    status: 'active',
    bidStrategy: null,
    bidMicros: null,
    dailyBudgetMicros: null,
    lifetimeBudgetMicros: null,
    campaignNetworkId: null,
    adsetNetworkId: null,
    creativeNetworkId: null,
    roasFloor: null,
    learning: null,
    labels: [],
    createdAtMs: null,
  };
}

/** A deep report names the same few hundred hours again and again. */
const hourCache = new Map<string, number>();

/**
 * The instant at which a report's hour begins: "10:00:00 - 10:59:59" of an account-local date.
 *
 * An autumn night's double hour has one label, whose row holds both; it lies at the first of them. A label that the
 * spring night skips falls on the next hour that exists.
 */
export function hourOfLabel(date: string, label: string, zone: string): number {
  const key = `${zone} ${date} ${label}`;
  const known = hourCache.get(key);
  if (known !== undefined) return known;
  const hour = Number(/^(\d\d):00:00/.exec(label)?.[1]);
  if (!(hour >= 0 && hour < 24)) {
    throw new NetworkError('INVALID', `Meta reported an hour that is not one: "${label}"`);
  }
  const found = firstInstantAt(date, hour, zone);
  if (hourCache.size > 20_000) hourCache.clear();
  hourCache.set(key, found);
  return found;
}

function firstInstantAt(date: string, hour: number, zone: string): number {
  const { startMs, endMs } = dayBounds(date, zone);
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' });
  // Half-hour steps: offsets of some zones change by half an hour.
  for (let ms = startMs; ms < endMs; ms += HOUR_MS / 2) {
    if (Number(clock.format(ms)) >= hour) return hourStart(ms, zone);
  }
  return endMs - HOUR_MS;
}

export function mapInsight(row: MetaInsight, zone: string): SpendRow {
  return {
    adNetworkId: row.ad_id,
    hourMs: hourOfLabel(row.date_start, row.hourly_stats_aggregated_by_advertiser_time_zone, zone),
    spendMicros: readMajor(row.spend),
    impressions: Number(row.impressions),
    clicks: Number(row.inline_link_clicks),
  };
}

/** The one request's parameters for one absolute change. */
export function changeParams(change: Change, currency: string): Readonly<Record<string, string | number>> {
  switch (change.kind) {
    case 'pause':
      return { status: 'PAUSED' };
    case 'resume':
      return { status: 'ACTIVE' };
    case 'set_bid':
      return { bid_amount: writeMinor(change.toMicros, currency) };
    case 'set_budget':
      return change.budget === 'daily'
        ? { daily_budget: writeMinor(change.toMicros, currency) }
        : { lifetime_budget: writeMinor(change.toMicros, currency) };
  }
}
