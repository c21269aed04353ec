/**
 * What a good engineer would write instead of an engine, had every postback a click of ours, an amount in the account's
 * currency, and nothing ever come late, twice or in two batches: the whole inbox in one statement. It writes the same
 * tables, row for row, as the drain does for such postbacks; only its sentence of attribution is plainer.
 *
 * The window functions add running totals up from nothing: event_day must be empty. $1 is the hours of the click window.
 */
export const DRAIN_BY_HAND = `
with taken as materialized (
  delete from inbox returning postback_id, received_at
),
judged as materialized (
  select p.id, p.received_at, p.workspace_id, p.source_id, p.event, p.event_type, p.txid, p.amount_micros, p.currency,
         p.device_id, p.user_hash, p.conversion_key, coalesce(p.event_at, p.received_at) as event_at, p.event_at as said_at,
         coalesce(p.status, 'approved') as status, a.id as account_id, a.time_zone, o.id as object_id, o.campaign_id,
         c.id as click_id, c.clicked_at, c.placement,
         format('%s %s %s drove %s %s h after the click', initcap(c.network), o.level, o.name, p.event,
                round(extract(epoch from coalesce(p.event_at, p.received_at) - c.clicked_at) / 3600)) as attribution
  from taken t
  join postback p on p.id = t.postback_id and p.received_at = t.received_at
  join click c on c.id = p.click_id
  join ad_account a on a.id = c.account_id
  join object o on o.account_id = a.id and o.level = 'ad' and o.network_id = c.ad_network_id
  where coalesce(p.event_at, p.received_at) - c.clicked_at <= make_interval(hours => $1) and a.currency = p.currency
),
counted as (
  insert into conversion (id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at,
    placement, event, event_type, status, status_at, value_micros, original_micros, original_currency, rate, txid,
    device_id, event_at, received_at, attributed_by, attribution, counted, first_postback_id, last_postback_id, match,
    user_hash)
  select id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at, placement, event,
    event_type, status, said_at, amount_micros, amount_micros, currency, null, txid, device_id, event_at, received_at,
    'click', attribution, true, id, id, 'click_id', user_hash
  from judged
),
claimed as (
  insert into conversion_key (source_id, key, conversion_id) select source_id, conversion_key, id from judged
),
changed as (
  insert into conversion_change (conversion_id, known_from, postback_id, status, counted_delta, value_delta_micros)
  select id, received_at, id, status, 1, amount_micros from judged
),
hours as (
  insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
  select account_id, object_id, event, event_type, status, date_trunc('hour', clicked_at, time_zone), count(*),
         sum(amount_micros)
  from judged group by 1, 2, 3, 4, 5, 6
),
days as (
  insert into event_day (account_id, object_id, event, event_type, day, last_fact, conversions, value_micros)
  select account_id, object_id, event, event_type, day, day, sum(n) over upwards, sum(value) over upwards
  from (select account_id, object_id, event, event_type, (clicked_at at time zone time_zone)::date as day,
               count(*) as n, sum(amount_micros) as value
        from judged group by 1, 2, 3, 4, 5) d
  window upwards as (partition by object_id, event, event_type order by day)
),
told as (
  update postback p set outcome = 'counted', reason = null, detail = j.attribution, conversion_id = j.id
  from judged j where p.id = j.id and p.received_at = j.received_at
)
select count(*)::int as rows from judged`;
