import type { AccountPulse } from '../../core/decision.ts';
import type { Learned } from '../../core/learned.ts';
import type { ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';
import { loadLearned } from './load-learned.ts';
import { pulseOf } from './watch.ts';

/** How many outages are told, and of the campaigns how many. */
const MOST_OUTAGES = 5;
const MOST_CAMPAIGNS = 20;

/** What was learned of one event: the account's, and that of the campaigns with a curve of their own. */
export interface LearnedOfEvent {
  readonly learned: Learned;
  /** Those with most conversions first. */
  readonly campaigns: readonly { readonly id: ObjectId; readonly name: string; readonly learned: Learned }[];
}

export interface LearnedAccount {
  readonly account: {
    readonly id: string;
    readonly name: string;
    readonly currency: string;
    readonly timeZone: string;
    readonly trackingSinceMs: number | null;
  };
  readonly events: readonly LearnedOfEvent[];
  readonly pulse:
    | (AccountPulse & { readonly measuredAtMs: number; readonly probability: number | null })
    | null;
  /** Newest first. */
  readonly outages: readonly {
    readonly startedAtMs: number;
    readonly detectedAtMs: number;
    readonly endedAtMs: number | null;
    readonly endedBy: 'recovered' | 'limit' | null;
    readonly expected: number;
    readonly seen: number;
  }[];
}

/**
 * What is known of each ad account's events, its pulse and its outages.
 *
 * @param accountId only this one; all of them when left out.
 */
export async function loadLearnedReport(db: Db, accountId?: string): Promise<readonly LearnedAccount[]> {
  const accounts = await db
    .selectFrom('ad_account')
    .select(['id', 'name', 'currency', 'time_zone', 'tracking_since'])
    .$if(accountId !== undefined, (query) => query.where('id', '=', accountId ?? ''))
    .orderBy('id')
    .execute();
  const reports: LearnedAccount[] = [];
  for (const account of accounts) {
    const book = await loadLearned(db, account.id);
    const own = await db
      .selectFrom('learned as l')
      .innerJoin('object as o', 'o.id', 'l.campaign_id')
      .select(['l.event', 'o.id', 'o.name'])
      .where('l.account_id', '=', account.id)
      .execute();
    const pulse = await db
      .selectFrom('account_pulse')
      .selectAll()
      .where('account_id', '=', account.id)
      .executeTakeFirst();
    const outages = await db
      .selectFrom('outage')
      .selectAll()
      .where('account_id', '=', account.id)
      .orderBy('started_at', 'desc')
      .limit(MOST_OUTAGES)
      .execute();
    const measured = pulse === undefined ? null : pulseOf(pulse);
    reports.push({
      account: {
        id: account.id,
        name: account.name,
        currency: account.currency,
        timeZone: account.time_zone,
        trackingSinceMs: account.tracking_since?.getTime() ?? null,
      },
      events: book.events.map((event) => ({
        learned: book.of(event, 'ad', null),
        campaigns: own
          .filter((one) => one.event === event)
          .map(({ id, name }) => ({ id, name, learned: book.of(event, 'ad', id) }))
          .filter(({ learned }) => learned.curve.from === 'campaign')
          .toSorted((a, b) => b.learned.curve.conversions - a.learned.curve.conversions)
          .slice(0, MOST_CAMPAIGNS),
      })),
      pulse:
        pulse === undefined || measured === null
          ? null
          : { ...measured, measuredAtMs: pulse.measured_at.getTime(), probability: pulse.probability },
      outages: outages.map((outage) => ({
        startedAtMs: outage.started_at.getTime(),
        detectedAtMs: outage.detected_at.getTime(),
        endedAtMs: outage.ended_at?.getTime() ?? null,
        endedBy: outage.ended_by,
        expected: outage.expected,
        seen: outage.seen,
      })),
    });
  }
  return reports;
}
