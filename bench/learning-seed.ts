import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../src/db/connection.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** An account's past with a known truth, made inside PostgreSQL: fast enough for a million conversions. */
export interface World {
  readonly nowMs: number;
  readonly days: number;
  readonly campaigns: number;
  readonly adsPerCampaign: number;
  readonly seed: number;
  /** Hours of a day in which an ad delivers; all of them when left out. */
  readonly hoursPerDay?: number;
  /** Clicks of an ad in an hour; each costs 50 cents. */
  readonly clicksPerHour?: number;
  /** Conversions per dollar, on average over the ads, whose own rates are Gamma(shape) around it. */
  readonly rate?: number;
  readonly shape?: number;
  /** Of an exponential delay. */
  readonly meanDelayMs?: number;
  /** Makes the conversions free trials, of which so many pay later. */
  readonly trials?: { readonly rate: number; readonly price: number; readonly afterMs: number };
}

const CLICK_COST = 0.5;

/**
 * Seeds objects, spend, conversions with their changes, hours and running totals, as sync and ingest leave them. Conversions
 * that would arrive after `nowMs` are not there. Hours of the account are taken to be UTC's.
 */
export async function seedWorld(
  db: Db,
  shop: { readonly accountId: string; readonly workspaceId: string; readonly sourceId: string },
  world: World,
): Promise<void> {
  const { nowMs, days, campaigns, adsPerCampaign, seed } = world;
  const {
    hoursPerDay = 24,
    clicksPerHour = 4,
    rate = 0.05,
    shape = 2,
    meanDelayMs = 6 * HOUR,
    trials,
  } = world;
  const now = new Date(nowMs).toISOString();
  const fromMs = Math.floor((nowMs - days * DAY) / DAY) * DAY;
  const from = new Date(fromMs).toISOString();
  const { accountId, workspaceId, sourceId } = shop;
  const event = trials === undefined ? 'purchase' : 'trial_started';
  // Uniform in (0, 1), the same every time for the same text.
  const uniform = (text: RawBuilder<unknown>) =>
    sql`((hashtextextended(${text}, ${seed}) & 1073741823)::float8 + 0.5) / 1073741824`;
  await db.transaction().execute(async (trx) => {
    await sql`
      update ad_account set tracking_since = ${from}::timestamptz, tracking_by = 'click',
        spend_as_of = date_trunc('hour', ${now}::timestamptz) where id = ${accountId}`.execute(trx);
    const common = sql`'active', 'active', ${from}::timestamptz, ${from}::timestamptz, ${from}::timestamptz`;
    const columns = sql`workspace_id, account_id, level, network_id, name, campaign_id, status, delivery, first_seen_at, seen_at, changed_at`;
    await sql`
      insert into object (${columns})
      select ${workspaceId}, ${accountId}, 'campaign', 'w' || n, 'Campaign ' || n, null, ${common}
      from generate_series(1, ${campaigns}::int) n`.execute(trx);
    await sql`
      insert into object (${columns})
      select ${workspaceId}, ${accountId}, 'ad', c.network_id || 'a' || n, 'Ad ' || n, c.id, ${common}
      from object c cross join generate_series(1, ${adsPerCampaign}::int) n
      where c.account_id = ${accountId} and c.network_id like 'w%' order by c.id, n`.execute(trx);
    const hours = Math.floor((nowMs - fromMs) / HOUR);
    await sql`
      insert into spend_hour (account_id, object_id, hour, spend_micros, impressions, clicks, reported_at)
      select ${accountId}, o.id, ${from}::timestamptz + make_interval(hours => h), ${clicksPerHour * CLICK_COST * 1e6}::bigint,
             ${clicksPerHour * 50}, ${clicksPerHour}, ${now}::timestamptz
      from object o cross join generate_series(0, ${hours - 1}::int) h
      where o.account_id = ${accountId} and o.level = 'ad' and o.network_id like 'w%'
        and (h + o.id) % 24 < ${hoursPerDay}`.execute(trx);
    // The ad's own rate: the mean of `shape` exponentials is a gamma of that shape.
    await sql`
      create temporary table own_rate on commit drop as
      select o.id, o.campaign_id, ${rate * CLICK_COST}::float8 * (
        select avg(-ln(${uniform(sql`o.network_id || 'rate' || k`)})) from generate_series(1, ${shape}::int) k
      ) as per_click
      from object o where o.account_id = ${accountId} and o.level = 'ad' and o.network_id like 'w%'`.execute(
      trx,
    );
    await sql`
      create temporary table sale on commit drop as
      select gen_random_uuid() as id, s.*, s.clicked_at - ln(u.delay) * ${meanDelayMs / 1000}::float8 * interval '1 second' as at,
             round(-ln(u.amount) * 40 * 1e6)::bigint as amount
      from (
        select r.id as object_id, r.campaign_id, h.hour, r.per_click, n,
               h.hour + ${uniform(sql`r.id || ' ' || h.hour || ' at ' || n`)} * interval '1 hour' as clicked_at
        from own_rate r join spend_hour h on h.object_id = r.id
        cross join generate_series(1, ${clicksPerHour}::int) n
        where ${uniform(sql`r.id || ' ' || h.hour || ' sale ' || n`)} < r.per_click
      ) s
      cross join lateral (
        select ${uniform(sql`s.object_id || ' ' || s.hour || ' delay ' || s.n`)} as delay,
               ${uniform(sql`s.object_id || ' ' || s.hour || ' amount ' || s.n`)} as amount
      ) u`.execute(trx);
    const insert = (
      name: string,
      at: RawBuilder<unknown>,
      micros: RawBuilder<unknown>,
      id: RawBuilder<unknown>,
    ) => sql`
      insert into conversion (id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at, event,
        event_type, status, value_micros, original_micros, original_currency, event_at, received_at, attributed_by,
        attribution, counted, first_postback_id, last_postback_id)
      select ${id}, ${workspaceId}, ${sourceId}, ${accountId}, object_id, campaign_id, 'click ' || id, clicked_at, ${name},
             'event', 'approved', ${micros}, ${micros}, 'USD', ${at}, ${at}, 'click', '', true, id, id
      from sale where ${at} <= ${now}::timestamptz`;
    await insert(event, sql`at`, trials === undefined ? sql`amount` : sql`0::bigint`, sql`id`).execute(trx);
    if (trials !== undefined) {
      await insert(
        'subscription',
        sql`at + ${trials.afterMs / 1000}::float8 * interval '1 second'`,
        sql`${trials.price * 1e6}::bigint`,
        sql`gen_random_uuid()`,
      ).execute(trx);
      await sql`
        delete from conversion c using sale s where c.click_id = 'click ' || s.id and c.event = 'subscription'
          and ${uniform(sql`s.object_id || ' ' || s.hour || ' pays ' || s.n`)} >= ${trials.rate}`.execute(
        trx,
      );
    }
    await sql`
      insert into conversion_change (conversion_id, known_from, postback_id, status, counted_delta, value_delta_micros)
      select id, received_at, id, status, 1, coalesce(value_micros, 0) from conversion where account_id = ${accountId}`.execute(
      trx,
    );
    await sql`
      insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
      select account_id, object_id, event, event_type, status, date_trunc('hour', clicked_at), count(*), sum(value_micros)
      from conversion where account_id = ${accountId} group by 1, 2, 3, 4, 5, 6`.execute(trx);
    await sql`
      insert into object_day (account_id, object_id, day, last_fact, spend_micros, impressions, clicks)
      select account_id, object_id, day, day, sum(spend) over w, sum(impressions) over w, sum(clicks) over w
      from (select account_id, object_id, hour::date as day, sum(spend_micros) as spend, sum(impressions) as impressions,
                   sum(clicks) as clicks
            from spend_hour where account_id = ${accountId} group by 1, 2, 3) d
      window w as (partition by object_id order by day)`.execute(trx);
    await sql`
      insert into event_day (account_id, object_id, event, event_type, day, last_fact, conversions, value_micros)
      select account_id, object_id, event, event_type, day, day, sum(conversions) over w, sum(value) over w
      from (select account_id, object_id, event, event_type, hour::date as day, sum(conversions) as conversions,
                   sum(value_micros) as value
            from conversion_hour where account_id = ${accountId} group by 1, 2, 3, 4, 5) d
      window w as (partition by object_id, event, event_type order by day)`.execute(trx);
  });
}
