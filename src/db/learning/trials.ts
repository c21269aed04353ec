import { sql } from 'kysely';
import type { Db } from '../connection.ts';
import type { LearningAccount } from './account.ts';

const DAY_MS = 86_400_000;
const DAYS = 365;
/** Trials are matured once nearly all who pay have paid: that long after they began, or as long as payments have taken. */
const LEAST_MATURE_MS = 3 * DAY_MS;
const MOST_MATURE_MS = 60 * DAY_MS;
/** Where too few have paid to tell: a month's trial, and a few days for the payment. */
const UNKNOWN_MATURE_MS = 35 * DAY_MS;
const LEAST_PAYMENTS = 20;

/** What matured trials of an account came to. */
export interface Trials {
  readonly paidEvent: string;
  /** Matured trials, and how many of them paid. */
  readonly trials: number;
  readonly paid: number;
  /** Mean first payment, major units. */
  readonly price: number;
  /** Age at which a trial counts as matured. */
  readonly matureMs: number;
}

/**
 * Trials of one event (a conversion that a later payment follows: its name says "trial") that are worth nothing themselves,
 * and the first payment of the same person: what was credited by following the trial, or has its click or its device. The
 * event that pays is the one with a value that follows most of them.
 *
 * @returns null while no trial has led to a payment.
 */
export async function loadTrials(db: Db, account: LearningAccount, event: string): Promise<Trials | null> {
  const since = new Date(Math.max(account.trackingSinceMs, account.nowMs - DAYS * DAY_MS)).toISOString();
  const { rows } = await sql<{
    at: Date;
    paid_event: string | null;
    paid_at: Date | null;
    micros: number | null;
  }>`
    with own as materialized (
      select c.id, c.event, c.click_id, c.device_id, c.follows_id, c.event_at, c.value_micros
      from object o
      -- Offset: campaign by campaign, whatever the planner hopes of their sizes.
      cross join lateral (
        select c.* from conversion c
        where c.campaign_id = o.id and coalesce(c.clicked_at, c.event_at) >= ${since}::timestamptz
          and c.account_id = ${account.id} and c.counted and (c.event = ${event} or c.value_micros > 0)
        offset 0
      ) c
      where o.account_id = ${account.id} and o.level = 'campaign'
    ), trial as materialized (
      select * from own where event = ${event} and coalesce(value_micros, 0) = 0
    ), payment as materialized (
      select * from own where event <> ${event} and value_micros > 0
    ), pair as (
      select t.id, p.event, p.event_at, p.value_micros from trial t join payment p on p.follows_id = t.id
      union
      select t.id, p.event, p.event_at, p.value_micros from trial t join payment p on p.click_id = t.click_id
      union
      select t.id, p.event, p.event_at, p.value_micros from trial t join payment p on p.device_id = t.device_id
    ), follower as (
      select p.*, row_number() over (partition by p.id, p.event order by p.event_at) as no
      from pair p join trial t on t.id = p.id where p.event_at >= t.event_at
    ), payer as (
      select event from follower where no = 1 group by event order by count(*) desc, event limit 1
    )
    select t.event_at as at, f.event as paid_event, f.event_at as paid_at, f.value_micros as micros
    from trial t
    left join follower f on f.id = t.id and f.no = 1 and f.event = (select event from payer)`.execute(db);
  const waits = rows
    .flatMap(({ at, paid_at }) => (paid_at === null ? [] : [paid_at.getTime() - at.getTime()]))
    .toSorted((a, b) => a - b);
  const paidEvent = rows.find((row) => row.paid_event !== null)?.paid_event;
  if (paidEvent === undefined || paidEvent === null) return null;
  const matureMs =
    waits.length < LEAST_PAYMENTS
      ? UNKNOWN_MATURE_MS
      : Math.min(MOST_MATURE_MS, Math.max(LEAST_MATURE_MS, waits[Math.floor(waits.length * 0.98)] ?? 0));
  const matured = rows.filter((row) => account.nowMs - row.at.getTime() >= matureMs);
  const payments = matured.flatMap(({ micros, at, paid_at }) =>
    micros === null || paid_at === null || paid_at.getTime() - at.getTime() > matureMs ? [] : [micros],
  );
  if (payments.length === 0) return null;
  return {
    paidEvent,
    trials: matured.length,
    paid: payments.length,
    price: payments.reduce((sum, micros) => sum + micros, 0) / payments.length / 1e6,
    matureMs,
  };
}
