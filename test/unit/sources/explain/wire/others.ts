import { click, inbound, posted, template, type WireLine } from './wire-line.ts';

/** Senders without a profile, and what the wild adds. */
export const OTHER_LINES: readonly WireLine[] = [
  // Senders without a profile.
  inbound('some_relay', 'https://t.example/p?net_click_id=5&transaction_id=o1&amount=2', {
    clickId: '5',
    txid: 'o1',
    amount: '2',
  }),
  posted(
    'own_backend',
    { data: { click_id: 'n1' }, event: 'order', amount: 3 },
    { clickId: 'n1', event: 'order', amount: '3' },
  ),
  inbound(null, 'https://t.example/p?r=88&t=o&e=4&p=2', {
    clickId: '88',
    txid: 'o',
    event: '4',
    amount: '2',
  }),
  inbound(null, 'https://t.example/p?subid=K&r=1&c=2', { clickId: 'K', amount: null }),
  inbound('adgame', 'https://t.example/p?player_id=p1&transaction_id=t1&payout=0.5&amount=500', {
    clickId: null,
    txid: 't1',
    amount: '0.5',
    deviceId: 'p1',
  }),
  inbound('adjust', 'https://t.example/p?click_id=1&event=abc123&revenue=4.99&currency=USD', {
    amount: '4.99',
  }),
  {
    kind: 'click',
    source: null,
    body: '{"install_referrer":"utm_source=x&gclid=Cj0_1","referrer_click_timestamp_seconds":1793873472}',
    said: { clickId: 'Cj0_1' },
    at: '2026-11-05T10:11:12Z',
  },
  // What the wild adds.
  click(
    'kochava',
    'https://control.kochava.com/v1/cpi/click?campaign_id=k&network_id=5&device_id=device_id&site_id=1',
    null,
  ),
  click('adjust', 'https://app.adjust.com/abc?gps_adid={gaid}&net_click_id={track}', '{track}'),
  click('mgid', '{base}?click_id={click_id}&widget_id={widget_id}&cost={click_price}', '{click_id}'),
  click(
    'adjust',
    'https://app.adjust.com/abc?install_callback=http://net.example/pb?adid={adid}&click_id={click_id}',
    '{click_id}',
  ),
  template(
    'appsflyer',
    'http://net.example/af/install.php?clickid=(clickid)&gp_referer_click_ts=(gp_referer_click_ts)',
    {
      clickId: '(clickid)',
      event: 'install',
    },
  ),
  template('revmob', 'https://net.example/c?click_id=%{impression_id}&txn={TXN_ID}', {
    clickId: '%{impression_id}',
    txid: '{TXN_ID}',
  }),
  template(
    'somebody',
    'https://t.example/postback?transaction_id={click_id}&commission={payout}&status={status}',
    {
      clickId: '{click_id}',
      txid: null,
      amount: '{payout}',
      event: '{status}',
    },
  ),
  inbound(
    'propellerads',
    'http://ad.propellerads.com/conversion.php?aid=1&pid=&tid=2&visitor_id=v&payout=1',
    {
      clickId: 'v',
      txid: null,
    },
  ),
  click(
    'adjust',
    'https://s2s.adjust.com/engagement?s2s=1&campaign={offer_id}&creative={click_id}',
    '{click_id}',
  ),
  click(
    null,
    'https://t.example/x?campid={cID}&cost={cost}&tag={conversions_tracking}',
    '{conversions_tracking}',
  ),
  click('adbrix', 'https://f.adtouch.adbrix.io/api/v1/click/15rz?cb_1={my_click_id}', '{my_click_id}'),
  click('trackdesk', 'https://brand.example/?affS1={placeholderForClickId}', '{placeholderForClickId}'),
  template(
    'trackdesk',
    'https://t.trackdesk.com/tracking/conversion/v1?conversionTypeCode=SELECTED_CONVERSION_TYPE&cid=OUR_CID&amount.value=AMOUNT_PLACEHOLDER',
    {
      clickId: 'OUR_CID',
      event: 'SELECTED_CONVERSION_TYPE',
      amount: 'AMOUNT_PLACEHOLDER',
    },
  ),
  template(
    'income.partners',
    'https://www.some-tracking.com/track.php?operation=deposit&click_id={sub_id}&sum={amount}',
    {
      clickId: '{sub_id}',
      event: 'deposit',
      amount: '{amount}',
    },
  ),
  template(
    'trackofferz',
    'https://t.example/conv?cid={click_id}&txn={transaction_id}&pay={payout_dollars}&evt={event}',
    {
      clickId: '{click_id}',
      txid: '{transaction_id}',
      amount: '{payout_dollars}',
      event: '{event}',
    },
  ),
  template('swaarm', 'https://track.net.example/postback?click_id={id}&event_id=purchase', {
    clickId: '{id}',
    txid: null,
    event: 'purchase',
  }),
  inbound('swaarm', 'https://track.net.example/postback?click_id=c1&event_id=5f3a-77', {
    clickId: 'c1',
    txid: '5f3a-77',
    event: null,
  }),
  click('anytrack', 'https://buy.stripe.com/test_00g6?client_reference_id=--CLICK-ID--', '--CLICK-ID--'),
  template(
    'exness',
    'https://t.example/pb?cid={cid}&event=registration&user_id={user_id}&transaction_id={transaction_id}&country={country}&ip={ip}',
    {
      clickId: '{cid}',
      event: 'registration',
      userId: '{user_id}',
      txid: '{transaction_id}',
      country: '{country}',
      visitorIp: '{ip}',
    },
  ),
  template('cake', 'https://t.example/pb?uid=#s2#&payout=#price#', {
    clickId: '#s2#',
    amount: '#price#',
    userId: null,
  }),
  click(
    'adt',
    'https://home.example/aff_ad?campaign_id=477&aff_id=15&aff_sub={sub_id}&aff_sub2={click_id}',
    '{click_id}',
  ),
  inbound('chatterfy', 'https://t.example/tracker-postback?tracker.event=lead&clickid=c77', {
    clickId: 'c77',
    event: 'lead',
  }),
];
