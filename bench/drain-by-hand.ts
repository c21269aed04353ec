/**
 * What a good engineer would write instead of an engine, had every postback a click of ours, an amount in the account's
 * currency and nothing to say but that it happened: the whole inbox in one statement. It can be run again on what comes
 * next, as any drain must: a key counts once, within the inbox and against all that is on record, and hours add up. For
 * such postbacks it writes the same rows as the drain into the same tables; only its sentence of attribution is plainer,
 * and it keeps no running totals by day.
 *
 * $1 is the hours of the click window.
 */
export const DRAIN_BY_HAND = `
with taken as (
  delete from inbox returning postback_id, received_at
),
judged as materialized (
  select p.id, p.received_at, p.workspace_id, p.source_id, p.event, p.event_type, p.txid, p.amount_micros, p.currency,
         p.device_id, p.user_hash, p.conversion_key, coalesce(p.event_at, p.received_at) as event_at, p.event_at as said_at,
         coalesce(p.status, 'approved') as status, a.id as account_id, a.time_zone, o.id as object_id, o.campaign_id,
         c.id as click_id, c.clicked_at, c.placement,
         format('%s %s %s drove %s %s h after the click', initcap(c.network), o.level, o.name, p.event,
                round(extract(epoch from coalesce(p.event_at, p.received_at) - c.clicked_at) / 3600)) as attribution,
         row_number() over (partition by p.source_id, p.conversion_key order by p.received_at, p.id) as nth
  from taken t
  join postback p on p.id = t.postback_id and p.received_at = t.received_at
  join click c on c.id = p.click_id
  join ad_account a on a.id = c.account_id
  join object o on o.account_id = a.id and o.level = 'ad' and o.network_id = c.ad_network_id
  where coalesce(p.event_at, p.received_at) - c.clicked_at <= make_interval(hours => $1) and a.currency = p.currency
),
claimed as (
  insert into conversion_key (source_id, key, conversion_id)
  select source_id, conversion_key, id from judged where nth = 1
  on conflict do nothing
  returning source_id, key, conversion_id
),
fresh as materialized (
  select j.* from judged j join claimed c on c.conversion_id = j.id
),
counted as (
  insert into conversion (id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at,
    placement, event, event_type, status, status_at, value_micros, original_micros, original_currency, rate, txid,
    device_id, event_at, received_at, attributed_by, attribution, counted, first_postback_id, last_postback_id, match,
    user_hash)
  select id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at, placement, event,
    event_type, status, said_at, amount_micros, amount_micros, currency, null, txid, device_id, event_at, received_at,
    'click', attribution, true, id, id, 'click_id', user_hash
  from fresh
),
changed as (
  insert into conversion_change (conversion_id, known_from, postback_id, status, counted_delta, value_delta_micros)
  select id, received_at, id, status, 1, amount_micros from fresh
),
hours as (
  insert into conversion_hour (account_id, object_id, event, event_type, status, hour, conversions, value_micros)
  select account_id, object_id, event, event_type, status, date_trunc('hour', clicked_at, time_zone), count(*),
         sum(amount_micros)
  from fresh group by 1, 2, 3, 4, 5, 6
  on conflict (object_id, event, event_type, status, hour) do update
  set conversions = conversion_hour.conversions + excluded.conversions,
      value_micros = conversion_hour.value_micros + excluded.value_micros
),
told as (
  update postback p
  set outcome = case when c.conversion_id = j.id then 'counted' else 'duplicate' end,
      reason = case when c.conversion_id = j.id then null else 'duplicate_conversion' end,
      detail = case when c.conversion_id = j.id then j.attribution end,
      conversion_id = coalesce(c.conversion_id, k.conversion_id)
  from judged j
  left join claimed c on c.source_id = j.source_id and c.key = j.conversion_key
  left join conversion_key k on k.source_id = j.source_id and k.key = j.conversion_key
  where p.id = j.id and p.received_at = j.received_at
)
select count(*)::int as rows from judged`;
