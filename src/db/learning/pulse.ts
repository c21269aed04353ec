import { sql } from 'kysely';
import type { AccountPulse } from '../../core/decision.ts';
import type { ObjectId } from '../../core/object.ts';
import { LONGEST_PULSE_HOURS, tellingWindow } from '../../core/learning/pulse.ts';
import { arrived, type DelayCurve } from '../../core/statistics/delay-curve.ts';
import type { Db } from '../connection.ts';
import { type Excluded, inWholeHours, loadOutages } from './outages.ts';
import type { StoredLearned } from './stored.ts';

const HOUR_MS = 3_600_000;

/** Clicks of these hours, near enough to be known by the hour. What converts later is left out on both sides. */
const CLICK_HOURS = 72;

/** The pulse, with what is needed to date the beginning and the end of an outage. */
export interface Measured extends AccountPulse {
  readonly fromMs: number;
  /** Newest arrival of the clicks looked at; null when there is none. */
  readonly lastArrivalMs: number | null;
}

export interface PulseInput {
  readonly accountId: string;
  readonly asOfMs: number;
  readonly nowMs: number;
}

/**
 * Conversions that clicks of the last three days should have brought in the last hours, and those that came:
 *
 *     E = Σ_campaigns λ_c · Σ_hours spend · (F(now − t) − F(now − k h − t))
 *
 * over every event with a learned rate, λ_c the campaign's rate of the last four weeks, shrunk to the account's. The window
 * is the shortest of 1 to 24 hours in which silence would be telling. `silent` is the same sum since the newest arrival. Hours of
 * known outages are left out.
 *
 * @returns null while too little is expected to tell silence from chance.
 */
export async function measurePulse(db: Db, input: PulseInput): Promise<Measured | null> {
  const { accountId, asOfMs, nowMs } = input;
  const rates = await loadRates(db, accountId);
  if (rates.account.size === 0) return null;
  const fromMs = asOfMs - CLICK_HOURS * HOUR_MS;
  const outages = await endedOutages(db, accountId, nowMs);
  const spend = (await loadSpend(db, accountId, fromMs, asOfMs)).filter((row) => isKnown(row.hour, outages));

  const window = tellingWindow((hours) => expect(spend, rates, nowMs, hours));
  if (window === null) return null;
  const seenFromMs = nowMs - window.hours * HOUR_MS;
  const seen = await loadSeen(db, {
    ...input,
    events: [...rates.account.keys()],
    clicksFromMs: fromMs,
    seenFromMs,
    outages,
  });
  const silentHours = Math.min(LONGEST_PULSE_HOURS, (nowMs - (seen.lastMs ?? -Infinity)) / HOUR_MS);
  const silent = expect(spend, rates, nowMs, silentHours).expected;
  return { ...window, seen: seen.count, silent, fromMs: seenFromMs, lastArrivalMs: seen.lastMs };
}

interface Rates {
  readonly account: ReadonlyMap<string, StoredLearned>;
  readonly campaigns: ReadonlyMap<ObjectId, ReadonlyMap<string, StoredLearned>>;
}

async function loadRates(db: Db, accountId: string): Promise<Rates> {
  const rows = await db
    .selectFrom('learned')
    .select(['event', 'campaign_id', 'facts'])
    .where('account_id', '=', accountId)
    .execute();
  const account = new Map<string, StoredLearned>();
  const campaigns = new Map<ObjectId, Map<string, StoredLearned>>();
  for (const { event, campaign_id, facts } of rows) {
    if (facts.rate === null) continue;
    if (campaign_id === null) account.set(event, facts);
    else campaigns.set(campaign_id, (campaigns.get(campaign_id) ?? new Map()).set(event, facts));
  }
  return { account, campaigns };
}

interface HourOfSpend {
  readonly campaign: ObjectId;
  readonly hour: Date;
  readonly micros: number;
}

async function loadSpend(
  db: Db,
  accountId: string,
  fromMs: number,
  toMs: number,
): Promise<readonly HourOfSpend[]> {
  const { rows } = await sql<HourOfSpend>`
    select coalesce(o.campaign_id, o.id) as campaign, h.hour, sum(h.spend_micros) as micros
    from spend_hour h join object o on o.id = h.object_id
    where h.account_id = ${accountId} and h.hour >= ${new Date(fromMs)} and h.hour < ${new Date(toMs)}
    group by 1, 2`.execute(db);
  return rows;
}

/** Those that are over, in whole hours: of an hour that is left out, neither the spend nor the conversions are looked at. */
async function endedOutages(db: Db, accountId: string, nowMs: number): Promise<readonly Excluded[]> {
  const outages = (await loadOutages(db, accountId, nowMs)).filter((outage) => outage.toMs < nowMs);
  if (outages.length === 0) return [];
  const { time_zone: zone } = await db
    .selectFrom('ad_account')
    .select('time_zone')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow();
  return inWholeHours(outages, zone);
}

function isKnown(at: Date, outages: readonly Excluded[]): boolean {
  const ms = at.getTime();
  return !outages.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
}

function expect(
  spend: readonly HourOfSpend[],
  rates: Rates,
  nowMs: number,
  hours: number,
): { readonly expected: number; readonly dispersion: number } {
  // Many campaigns spend in the same hour: each curve is read once an hour.
  const gains = new Map<DelayCurve, Map<number, number>>();
  const gain = (curve: DelayCurve, hourMs: number): number => {
    let ofCurve = gains.get(curve);
    if (!ofCurve) gains.set(curve, (ofCurve = new Map()));
    let share = ofCurve.get(hourMs);
    if (share === undefined) {
      const ageMs = nowMs - hourMs - HOUR_MS / 2;
      share = arrived(curve, ageMs, 'share') - arrived(curve, ageMs - hours * HOUR_MS, 'share');
      ofCurve.set(hourMs, share);
    }
    return share;
  };
  let expected = 0;
  let scattered = 0;
  for (const [event, ofAccount] of rates.account) {
    let ofEvent = 0;
    for (const { campaign, hour, micros } of spend) {
      const { rate, curve } = rates.campaigns.get(campaign)?.get(event) ?? ofAccount;
      ofEvent += (rate?.perUnit ?? 0) * (micros / 1e6) * gain(curve, hour.getTime());
    }
    expected += ofEvent;
    scattered += ofEvent * (ofAccount.rate?.dispersion ?? 1);
  }
  return { expected, dispersion: expected > 0 ? scattered / expected : 1 };
}

/** Conversions of these clicks by when they first counted. */
async function loadSeen(
  db: Db,
  input: PulseInput & {
    readonly events: readonly string[];
    readonly clicksFromMs: number;
    readonly seenFromMs: number;
    readonly outages: readonly Excluded[];
  },
): Promise<{ readonly count: number; readonly lastMs: number | null }> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const { rows } = await sql<{ count: number; last: Date | null }>`
    select count(*) filter (where known.at > ${iso(input.seenFromMs)}::timestamptz) as count, max(known.at) as last
    from object o
    -- Offset: campaign by campaign, whatever the planner hopes of their sizes.
    cross join lateral (
      select c.id, c.clicked_at, c.event_at from conversion c
      where c.campaign_id = o.id and c.counted and c.account_id = ${input.accountId}
        and c.event = any(${input.events}::text[])
        and coalesce(c.clicked_at, c.event_at) >= ${iso(input.clicksFromMs)}::timestamptz
        and coalesce(c.clicked_at, c.event_at) < ${iso(input.asOfMs)}::timestamptz
      offset 0
    ) c
    cross join lateral (
      select min(h.known_from) as at from conversion_change h where h.conversion_id = c.id and h.counted_delta > 0
    ) known
    where o.account_id = ${input.accountId} and o.level = 'campaign' and known.at <= ${iso(input.nowMs)}::timestamptz
      and not exists (
        select from unnest(${input.outages.map((o) => iso(o.fromMs))}::timestamptz[],
                           ${input.outages.map((o) => iso(o.toMs))}::timestamptz[]) as u (from_at, to_at)
        where coalesce(c.clicked_at, c.event_at) >= u.from_at and coalesce(c.clicked_at, c.event_at) < u.to_at
      )`.execute(db);
  const [row] = rows;
  return { count: row?.count ?? 0, lastMs: row?.last?.getTime() ?? null };
}
