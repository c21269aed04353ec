import { click, inbound, posted, template, type WireLine } from './wire-line.ts';

/** Mobile measurement partners. */
export const MEASUREMENT_LINES: readonly WireLine[] = [
  template(
    'appsflyer',
    'https://net.example/af?cid=(clickid)&ev=(mapped-iae)&rev=(monetary)&cur=(currency)&ts=(install-unix-ts)&gaid=(advertiserId)',
    { clickId: '(clickid)', event: '(mapped-iae)', amount: '(monetary)', currency: '(currency)' },
  ),
  template(
    'appsflyer',
    'https://net.example/pb?clickid=(clickid)&event=(event_name)&value=(event_revenue)&currency=(event_revenue_currency)&time=(event_time)',
    {
      clickId: '(clickid)',
      event: '(event_name)',
      amount: '(event_revenue)',
      currency: '(event_revenue_currency)',
      eventTime: '(event_time)',
    },
  ),
  inbound(
    'appsflyer',
    'https://pb.example/p/af?clickid=Zk9&event_name=af_purchase&event_revenue=9.99&event_revenue_currency=EUR&event_time=2026-11-05%2010%3A11%3A12.345&appsflyer_id=1700-22',
    {
      clickId: 'Zk9',
      event: 'af_purchase',
      amount: '9.99',
      currency: 'EUR',
      txid: null,
      deviceId: '1700-22',
    },
    { at: '2026-11-05T10:11:12.345Z', worth: 9.99 },
  ),
  inbound(
    'appsflyer',
    'https://pb.example/p/af?clickid=Zk9&event_name=install&install_unix_ts=1793873472&is_rejected=1&reject_reason=ctit_anomalies&reject_reason_value=2',
    { clickId: 'Zk9', event: 'install' },
    { at: '2026-11-05T10:11:12Z' },
  ),
  posted(
    'appsflyer',
    {
      event_name: 'af_purchase',
      event_time: '2026-11-05 10:11:12.345',
      event_revenue: '4.5',
      event_revenue_currency: 'USD',
      conversion_type: 'install',
      campaign_type: 'ua',
      appsflyer_id: '1700-22',
      af_c_id: '5',
      event_value: '{"af_revenue":4.5,"af_currency":"USD"}',
    },
    { event: 'af_purchase', amount: '4.5', currency: 'USD', clickId: null },
    { at: '2026-11-05T10:11:12.345Z' },
  ),
  click(
    'appsflyer',
    'https://app.appsflyer.com/id123?pid=net_int&c=x&clickid=Abc_9-z&af_siteid=77',
    'Abc_9-z',
  ),
  inbound(
    'adjust',
    'https://pb.example/adj?click_id=q1&activity_kind=event&event_token=abc123&event_name=purchase&created_at=1793873472&revenue=499&revenue_float=4.99&currency=EUR',
    { clickId: 'q1', event: 'abc123', amount: '4.99', currency: 'EUR' },
    { at: '2026-11-05T10:11:12Z', worth: 4.99 },
  ),
  inbound(
    'adjust',
    'https://pb.example/adj?click_id=q1&activity_kind=rejected_install&rejection_reason=too_many_engagements&created_at=1793873472',
    { clickId: 'q1', event: 'rejected_install' },
  ),
  inbound(
    'adjust',
    'https://pb.example/adj?gps_adid=38400000-8cf0&activity_kind=install&installed_at=1793873472&tracker_name=Net%3A%3ACamp%3A%3AGroup%3A%3AAd',
    { clickId: null, event: 'install' },
    { at: '2026-11-05T10:11:12Z' },
  ),
  click(
    'adjust',
    'https://app.adjust.com/abc12?campaign=x&click_id=v-1_2&install_callback=https%3A%2F%2Fnet.example%2Fi%3Fc%3D{click_id}',
    'v-1_2',
  ),
  template(
    'adjust',
    'install_callback=https%3A%2F%2Fnet.example%2Fpb%3Fclick_id%3D{click_id}%26t%3D{created_at}',
    {
      event: 'install',
      clickId: '{click_id}',
    },
  ),
  template('adjust', 'adj_event_callback_abc123=https%3A%2F%2Fnet.example%2Fpb%3Fsub%3D{click_id}', {
    event: 'abc123',
    clickId: '{click_id}',
  }),
  posted(
    'branch',
    '{"id":1234567890123456789,"name":"PURCHASE","timestamp":1793873472345,"event_data":{"revenue":19.9,"currency":"USD"},"last_attributed_touch_data":{"~click_id":"net-77","~campaign":"a # b","+click_timestamp":1793800000},"user_data":{"os":"ANDROID","aaid":"dev-1"}}',
    { clickId: 'net-77', event: 'PURCHASE', amount: '19.9', currency: 'USD', txid: '1234567890123456789' },
    { at: '2026-11-05T10:11:12.345Z', worth: 19.9 },
  ),
  click('branch', 'https://x.app.link/a?%7Eclick_id=77_b&%243p=a_net&~campaign=q', '77_b'),
  template(
    'branch',
    'https://net.example/b?cid=${(last_attributed_touch_data.~click_id)!}&ev=${(name)!}&rev=${(event_data.revenue)!}',
    {
      clickId: '${(last_attributed_touch_data.~click_id)!}',
      event: '${(name)!}',
      amount: '${(event_data.revenue)!}',
    },
  ),
  template(
    'singular',
    'https://net.example/s?clickid={cl?My Net}&e={EVTNAME}&payout={AMOUNT}&cur={CURRENCY}&t={UTC}',
    {
      clickId: '{cl?My Net}',
      event: '{EVTNAME}',
      amount: '{AMOUNT}',
      currency: '{CURRENCY}',
      eventTime: '{UTC}',
    },
  ),
  posted(
    'singular',
    {
      event_name: '__iap__',
      event_utc_timestamp: 1793873472,
      revenue: '3',
      currency: 'USD',
      aifa: 'd-1',
      platform: 'Android',
    },
    { event: '__iap__', amount: '3', deviceId: 'd-1', clickId: null },
    { at: '2026-11-05T10:11:12Z' },
  ),
  click('singular', 'https://app.sng.link/A1/b2?cl=xyz.9&pcid=4&pcn=name&aifa={aifa}', 'xyz.9'),
  inbound('kochava', 'https://pb.example/k?click_id=k-1&event_name=_install&device_id=d9&site_id=4', {
    clickId: 'k-1',
    event: '_install',
    deviceId: 'd9',
  }),
  click(
    'kochava',
    'https://control.kochava.com/v1/cpi/click?campaign_id=a1&network_id=2&click_id=kk&device_id=device_id&site_id=3',
    'kk',
  ),
  click('tenjin', 'https://track.tenjin.io/v0/click/abC?advertising_id=&click_id=tj-4&campaign_id=1', 'tj-4'),
  template('tenjin', 'https://net.example/purchase?tid={{click_id}}&gaid={{advertising_id}}', {
    clickId: '{{click_id}}',
    event: 'purchase',
  }),
  template('appmetrica', 'https://net.example/m?click={click_id}&tx={transaction_id}&name={event_name}', {
    clickId: '{click_id}',
    txid: '{transaction_id}',
    event: '{event_name}',
  }),
  inbound(
    'appmetrica',
    'https://net.example/m?click_id=5&transaction_id=99&event_name=open&datetime=2026-11-05%2010%3A11%3A12',
    {
      clickId: '5',
      txid: '99',
      event: 'open',
    },
    { at: '2026-11-05T10:11:12Z' },
  ),
  template(
    'airbridge',
    'https://net.example/a?click_id={attributionResult.attributedClickID}&t={eventTimestamp}&order={eventData.goal.semanticAttributes.transactionID}',
    {
      clickId: '{attributionResult.attributedClickID}',
      eventTime: '{eventTimestamp}',
      txid: '{eventData.goal.semanticAttributes.transactionID}',
    },
  ),
  template('tapstream', 'https://net.example/t?x=TS{click.click_id}&time=TS{hit.time}', {
    clickId: 'TS{click.click_id}',
    eventTime: 'TS{hit.time}',
  }),
];
