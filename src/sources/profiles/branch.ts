import { dialect } from './dialect.ts';

/**
 * Branch webhooks: POST JSON, or GET by a FreeMarker template. The event time is in ms, +click_timestamp in s; ids are
 * integers beyond 2^53 (help.branch.io, "Webhooks for Developers").
 */
export const branch = dialect({
  id: 'branch',
  title: 'Branch',
  names: {
    clickId: ['last_attributed_touch_data.~click_id', '~click_id', 'click_id'],
    txid: ['id'],
    event: ['name', 'event', 'event_name'],
    amount: ['event_data.revenue', 'revenue'],
    currency: ['event_data.currency', 'currency'],
    eventTime: ['timestamp', 'event_timestamp'],
    clickTime: [
      'last_attributed_touch_timestamp',
      'last_attributed_touch_data.+click_timestamp',
      '+click_timestamp',
    ],
    deviceId: [
      'user_data.aaid',
      'user_data.idfa',
      'user_data.idfv',
      'user_data.android_id',
      'user_data.developer_identity',
    ],
    userId: ['user_data.developer_identity'],
    country: ['user_data.geo_country_code', 'user_data.country'],
    visitorIp: ['user_data.ip'],
    campaign: ['last_attributed_touch_data.~campaign_id'],
    adset: ['last_attributed_touch_data.~ad_set_id'],
    ad: ['last_attributed_touch_data.~ad_id'],
    network: ['last_attributed_touch_data.~advertising_partner_name', 'last_attributed_touch_data.$3p'],
    site: ['last_attributed_touch_data.~secondary_publisher'],
  },
  exact: ['status', 'txid'],
  signs: {
    hosts: [/(?:^|\.)(?:app\.link|bnc\.lt)$/, /(?:^|\.)branch\.io$/],
    params: ['last_attributed_touch_data.~id', 'last_attributed_touch_timestamp', '~click_id', '$3p'],
    hints: ['user_data.os', 'event_data.revenue', '~campaign'],
  },
  clickParams: ['~click_id'],
  scopeWithoutTxid: 'occurrence',
  answers: 'always-200',
  attributesBySender: true,
  template:
    'click_id=${(last_attributed_touch_data.~click_id)!}&name=${(name)!}&timestamp=${(timestamp)!}&revenue=${(event_data.revenue)!}&currency=${(event_data.currency)!}',
  where: [
    'In Branch open Data Feeds, then Webhooks, choose POST and paste the address without its query: Branch sends its own fields.',
    'For a GET webhook paste the whole address; its macros are FreeMarker.',
  ],
});
