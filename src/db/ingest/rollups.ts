import { type ConversionStatus, isCountedStatus, VIEW_THROUGH } from '../../core/conversion.ts';
import type { ObjectId } from '../../core/object.ts';
import { dayOf, hourStart } from '../../core/zone.ts';
import type { EventDayDelta } from '../running-totals.ts';
import type { Ground } from './accounts.ts';
import type { ConversionRow } from './messages.ts';

/** One step in a conversion's life: new (`before` null), changed, or moved to another object. */
export interface ConversionChange {
  readonly before: ConversionRow | null;
  readonly after: ConversionRow;
  /** The postback that caused it. */
  readonly postbackId: string;
  readonly knownFrom: Date;
}

export interface HourDelta extends Omit<EventDayDelta, 'day'> {
  readonly status: ConversionStatus;
  readonly hourMs: number;
}

export interface RollupDeltas {
  readonly hours: readonly HourDelta[];
  readonly days: readonly EventDayDelta[];
  /** Campaigns whose counts changed, by account. */
  readonly campaigns: readonly { readonly accountId: string; readonly campaignId: ObjectId }[];
}

/** True when the row stands in the rollups under its status: attributed to a known object and not set aside. */
export function isInRollups(row: ConversionRow): boolean {
  return (
    row.attributed_by !== null && row.object_id !== null && row.account_id !== null && row.excluded === null
  );
}

/** True when it counts as a conversion: in the rollups, pending or approved, and more than a correction of one to come. */
export function isCounted(row: ConversionRow): boolean {
  return isWorth(row) && !row.correction;
}

/** True when its value counts. */
export function isWorth(row: ConversionRow): boolean {
  return isInRollups(row) && isCountedStatus(row.status);
}

/** The type it is summed under: conversions of a view are a kind of their own, so that a rule can leave them out. */
export function rollupType(row: Pick<ConversionRow, 'event_type' | 'view_through'>): string {
  return row.view_through ? VIEW_THROUGH : row.event_type;
}

/** The sums to add so that the rollups go from every `before` to its `after`. */
export function rollupDeltas(changes: readonly ConversionChange[], ground: Ground): RollupDeltas {
  const hours = new Map<string, HourDelta>();
  const days = new Map<string, EventDayDelta>();
  const campaigns = new Map<string, { accountId: string; campaignId: ObjectId }>();

  const apply = (row: ConversionRow | null, sign: 1 | -1): void => {
    if (!row || !isInRollups(row) || row.account_id === null || row.object_id === null) return;
    const account = ground.accounts.get(row.account_id);
    if (!account) return;
    // Windows follow the click; what only the sender attributes has the event's time alone.
    const atMs = (row.clicked_at ?? row.event_at).getTime();
    const sums = {
      accountId: account.id,
      objectId: row.object_id,
      event: row.event,
      eventType: rollupType(row),
      conversions: row.correction ? 0 : sign,
      valueMicros: sign * (row.value_micros ?? 0),
      unconverted: sign * (isUnconverted(row) ? 1 : 0),
    };
    const hourMs = hourStart(atMs, account.zone);
    addTo(hours, `${row.object_id} ${sums.eventType} ${row.status} ${hourMs} ${row.event}`, {
      ...sums,
      status: row.status,
      hourMs,
    });
    if (!isCountedStatus(row.status)) return;
    const day = dayOf(atMs, account.zone).date;
    addTo(days, `${row.object_id} ${sums.eventType} ${day} ${row.event}`, { ...sums, day });
    if (row.campaign_id !== null) {
      campaigns.set(`${row.campaign_id}`, { accountId: account.id, campaignId: row.campaign_id });
    }
  };
  for (const change of changes) {
    apply(change.before, -1);
    apply(change.after, 1);
  }
  return {
    hours: [...hours.values()].filter(isSomething),
    days: [...days.values()].filter(isSomething),
    campaigns: [...campaigns.values()],
  };
}

/** Revenue whose currency has no rate yet. A conversion without any amount has no revenue to convert. */
function isUnconverted(row: ConversionRow): boolean {
  return row.value_micros === null && row.original_micros !== null;
}

type Sums = Pick<EventDayDelta, 'conversions' | 'valueMicros' | 'unconverted'>;
type Summed<Delta> = { -readonly [Name in keyof Delta]: Delta[Name] };

/** @param delta belongs to the map from now on. */
function addTo<Delta extends Sums>(
  into: Map<string, Summed<Delta>>,
  key: string,
  delta: Summed<Delta>,
): void {
  const sum = into.get(key);
  if (!sum) {
    into.set(key, delta);
    return;
  }
  sum.conversions += delta.conversions;
  sum.valueMicros += delta.valueMicros;
  sum.unconverted += delta.unconverted;
}

function isSomething(delta: Sums): boolean {
  return delta.conversions !== 0 || delta.valueMicros !== 0 || delta.unconverted !== 0;
}
