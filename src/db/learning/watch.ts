import type { AccountPulse } from '../../core/decision.ts';
import { trackingOutage } from '../../core/statistics/outage.ts';
import type { Db } from '../connection.ts';
import { postbacksWait } from '../evidence-health.ts';
import { type Measured, measurePulse, type PulseInput } from './pulse.ts';

const HOUR_MS = 3_600_000;

/** How long a measurement serves: an outage shows in hours, not in seconds. */
const FRESH_MS = 10 * 60_000;
/** An account converts again once what came is no longer strange. */
const RECOVERED = 0.01;
/** What goes on for longer is how the account converts now (a broken page, an offer that ended): no reason to wait on. */
const LONGEST_OUTAGE_MS = 72 * HOUR_MS;
/** Nothing is expected any more (it stopped spending) and nothing came: after this long nobody waits. */
const GIVE_UP_MS = 48 * HOUR_MS;

export interface Watched {
  readonly pulse: AccountPulse | null;
  /** One sentence when an outage began or ended just now. */
  readonly news: string | null;
}

/**
 * Measures the account's pulse where the last measurement is older than ten minutes of workspace time, stores it, and opens
 * or closes an outage by it. An outage begins with the silence (the last arrival, or the window in which too little came),
 * not with its detection. While postbacks wait to be counted nothing is measured.
 */
export async function watchPulse(db: Db, input: PulseInput): Promise<Watched> {
  const last = await db
    .selectFrom('account_pulse')
    .selectAll()
    .where('account_id', '=', input.accountId)
    .executeTakeFirst();
  if (last !== undefined && Math.abs(input.nowMs - last.measured_at.getTime()) < FRESH_MS)
    return { pulse: pulseOf(last), news: null };
  const { workspace_id: workspaceId } = await db
    .selectFrom('ad_account')
    .select('workspace_id')
    .where('id', '=', input.accountId)
    .executeTakeFirstOrThrow();
  // What waits here did arrive: not counted is not silent.
  if (await postbacksWait(db, workspaceId, input.nowMs - FRESH_MS))
    return { pulse: last === undefined ? null : pulseOf(last), news: null };
  const measured = await measurePulse(db, input);
  const verdict = measured === null ? null : trackingOutage(measured);
  const row = {
    measured_at: new Date(input.nowMs),
    expected: measured?.expected ?? null,
    seen: measured?.seen ?? null,
    hours: measured?.hours ?? null,
    dispersion: measured?.dispersion ?? null,
    silent: measured?.silent ?? null,
    probability: verdict?.p ?? null,
  };
  await db
    .insertInto('account_pulse')
    .values({ account_id: input.accountId, ...row })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet(row))
    .execute();
  const news = await settle(db, input, measured, verdict);
  return { pulse: measured === null ? null : pulseOf(row), news };
}

/** What was measured, where all of it was; null while too little was expected to tell silence from chance. */
export function pulseOf(row: {
  readonly expected: number | null;
  readonly seen: number | null;
  readonly hours: number | null;
  readonly dispersion: number | null;
  readonly silent: number | null;
}): AccountPulse | null {
  const { expected, seen, hours, dispersion, silent } = row;
  if (expected === null || seen === null || hours === null || dispersion === null || silent === null)
    return null;
  return { expected, seen, hours, dispersion, silent };
}

/** Opens or closes the account's outage. */
async function settle(
  db: Db,
  input: PulseInput,
  measured: Measured | null,
  verdict: { readonly p: number; readonly outage: boolean } | null,
): Promise<string | null> {
  const { accountId, nowMs } = input;
  const newest = await db
    .selectFrom('outage')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  const isOpen = newest !== undefined && newest.ended_at === null;
  const close = (endedBy: 'recovered' | 'limit', startedAt: Date) =>
    db
      .updateTable('outage')
      .set({ ended_at: new Date(nowMs), ended_by: endedBy })
      .where('account_id', '=', accountId)
      .where('started_at', '=', startedAt)
      .execute();

  if (isOpen) {
    const forMs = nowMs - newest.started_at.getTime();
    const isBack = verdict !== null && verdict.p > RECOVERED;
    // Nothing is expected any more (it stopped spending): nothing can show that it is back either.
    const isQuiet = measured === null && nowMs - newest.detected_at.getTime() > GIVE_UP_MS;
    if (isBack || isQuiet) {
      await close('recovered', newest.started_at);
      return `conversions arrive again after ${hoursOf(forMs)}; the hours without them are left out of the evidence`;
    }
    if (forMs > LONGEST_OUTAGE_MS) {
      await close('limit', newest.started_at);
      return `conversions have stayed away for ${hoursOf(forMs)}: this is how the account converts now`;
    }
    return null;
  }
  // After one that ended by its length, only an account that has converted as before can have another.
  if (newest?.ended_by === 'limit') {
    if (verdict !== null && verdict.p > RECOVERED)
      await db
        .updateTable('outage')
        .set({ ended_by: 'recovered' })
        .where('account_id', '=', accountId)
        .where('started_at', '=', newest.started_at)
        .execute();
    return null;
  }
  if (measured === null || verdict?.outage !== true) return null;
  const silentSinceMs =
    measured.seen === 0 && measured.lastArrivalMs !== null
      ? Math.min(measured.lastArrivalMs, measured.fromMs)
      : measured.fromMs;
  const startedAt = new Date(
    Math.max(silentSinceMs, nowMs - LONGEST_OUTAGE_MS, newest?.ended_at?.getTime() ?? 0),
  );
  await db
    .insertInto('outage')
    .values({
      account_id: accountId,
      started_at: startedAt,
      detected_at: new Date(nowMs),
      ended_at: null,
      ended_by: null,
      expected: measured.expected,
      seen: measured.seen,
    })
    // Another pass may have found it in the same moment: an account has one open outage.
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return outageWords(measured);
}

/** "conversions of the account fail to arrive: 0 in the last 2 h where 24.6 were due". */
export function outageWords(pulse: {
  readonly expected: number;
  readonly seen: number;
  readonly hours: number;
}): string {
  return `conversions of the account fail to arrive: ${pulse.seen} in the last ${pulse.hours} h where ${pulse.expected.toFixed(1)} were due`;
}

/** Why no conversion of the account is to be believed now; undefined when there is no open outage. */
export async function outageInDoubt(db: Db, accountId: string): Promise<string | undefined> {
  const open = await db
    .selectFrom('outage as o')
    .leftJoin('account_pulse as p', 'p.account_id', 'o.account_id')
    .select(['o.expected as first_expected', 'o.seen as first_seen', 'p.expected', 'p.seen', 'p.hours'])
    .where('o.account_id', '=', accountId)
    .where('o.ended_at', 'is', null)
    .executeTakeFirst();
  if (open === undefined) return undefined;
  const { expected, seen, hours } = open;
  return expected === null || seen === null || hours === null
    ? `conversions of the account fail to arrive: ${open.first_seen} came where ${open.first_expected.toFixed(1)} were due`
    : outageWords({ expected, seen, hours });
}

/** An ad account whose conversions fail to arrive just now. */
export interface OpenOutage {
  readonly account: string;
  readonly name: string;
  /** "conversions of the account fail to arrive: 0 in the last 2 h where 24.6 were due". */
  readonly words: string;
}

/** Accounts with an open outage. @param workspaceId only of this workspace; of all when left out. */
export async function listOpenOutages(db: Db, workspaceId?: string): Promise<readonly OpenOutage[]> {
  const open = await db
    .selectFrom('outage as o')
    .innerJoin('ad_account as a', 'a.id', 'o.account_id')
    .select(['a.id', 'a.name'])
    .where('o.ended_at', 'is', null)
    .$if(workspaceId !== undefined, (query) => query.where('a.workspace_id', '=', workspaceId ?? ''))
    .orderBy('a.id')
    .execute();
  const outages: OpenOutage[] = [];
  for (const { id, name } of open) {
    const words = await outageInDoubt(db, id);
    // It may have ended between the two questions.
    if (words !== undefined) outages.push({ account: id, name, words });
  }
  return outages;
}

function hoursOf(ms: number): string {
  return `${Math.round(ms / HOUR_MS)} h`;
}
