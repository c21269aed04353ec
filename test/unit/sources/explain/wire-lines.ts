import type { Kind } from '../../../../src/sources/explain/guess-kind.ts';

/** One line as it may be seen on the wire, and what has to be read from it; null for what must not be. */
export interface WireLine {
  readonly kind: Kind;
  /** Whose it is, as a user would say; null for nobody saying it. */
  readonly source: string | null;
  readonly url?: string;
  readonly body?: string;
  readonly said: Readonly<
    Partial<
      Record<
        'clickId' | 'txid' | 'event' | 'status' | 'amount' | 'currency' | 'eventTime' | 'deviceId',
        string | null
      >
    >
  >;
  /** Where the text is not the value: ISO 8601. */
  readonly at?: string;
  /** In the currency's units. */
  readonly worth?: number;
}

const inbound = (
  source: string | null,
  url: string,
  said: WireLine['said'],
  more: Partial<WireLine> = {},
): WireLine => ({
  kind: 'inbound_postback',
  source,
  url,
  said,
  ...more,
});
const template = (source: string | null, url: string, said: WireLine['said']): WireLine => ({
  kind: 'outbound_template',
  source,
  url,
  said,
});
const click = (source: string | null, url: string, clickId: string | null): WireLine => ({
  kind: 'click',
  source,
  url,
  said: { clickId },
});
const posted = (
  source: string | null,
  body: unknown,
  said: WireLine['said'],
  more: Partial<WireLine> = {},
): WireLine => ({
  kind: 'inbound_postback',
  source,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  said,
  ...more,
});

/** Written from the vendors' own parameter lists (see docs/sources.md for where each is documented). */
export const WIRE_LINES: readonly WireLine[] = [
  // Shops, affiliate networks and traffic networks.
  inbound(
    'awin',
    'https://www.awin1.com/sread.php?tt=ss&tv=2&merchant=1001&amount=25.50&ch=aw&cr=GBP&parts=DEFAULT:25.50&ref=ORD-5&vc=&testmode=0&cks=1001_1653_be1',
    { clickId: '1001_1653_be1', amount: '25.50', currency: 'GBP', txid: 'ORD-5' },
    { worth: 25.5 },
  ),
  click('awin', 'https://shop.example/p?source=aw&awc=6798_1658416462_58bc', '6798_1658416462_58bc'),
  inbound(
    'cj',
    'https://www.emjcd.com/u?CID=1500&OID=ORD9&TYPE=3400&CJEVENT=a1b2c3d4e5&CURRENCY=USD&AMOUNT=99.95&METHOD=S2S',
    { clickId: 'a1b2c3d4e5', txid: 'ORD9', amount: '99.95', currency: 'USD' },
  ),
  click('rakuten', 'https://shop.example/?ranMID=1&ranEAID=x&ranSiteID=abc-xyz.123', 'abc-xyz.123'),
  posted(
    'clickbank',
    {
      transactionTime: '2016-06-05T13:47:51-06:00',
      receipt: 'CWOGBZLN',
      transactionType: 'SALE',
      currency: 'USD',
      totalAccountAmount: 10,
      totalOrderAmount: 12.5,
    },
    { txid: 'CWOGBZLN', event: 'SALE', currency: 'USD', amount: '10' },
    { at: '2016-06-05T19:47:51Z', worth: 10 },
  ),
  posted(
    'shopify',
    '{"id":820982911946154508,"name":"#1001","currency":"USD","total_price":"403.00","created_at":"2021-12-31T19:00:00-05:00","landing_site":"/?gclid=Cj0a_b"}',
    { txid: '820982911946154508', clickId: 'Cj0a_b', currency: 'USD', amount: '403.00', event: null },
    { at: '2022-01-01T00:00:00Z', worth: 403 },
  ),
  template('offer18', 'https://net.example/p?mid=000&tid={aff_click_id}&adv_sub1={order}&sale={sum}', {
    clickId: '{aff_click_id}',
    txid: '{order}',
    amount: '{sum}',
  }),
  template(
    'trackier',
    'https://net.example/acquisition?click_id={p1}&security_token=x&goal_value={event}&sale_amount={amount}',
    { clickId: '{p1}', event: '{event}', amount: '{amount}' },
  ),
  template(
    'newsbreak',
    'https://business.newsbreak.com/tracking/attribute?callback=__CALLBACK_PARAM__&event_type=complete_payment&nb_value={payout}',
    { clickId: '__CALLBACK_PARAM__', event: 'complete_payment', amount: '{payout}' },
  ),
  template('adsterra', 'https://www.pbterra.com/name/at?subid_short={external_id}&atpay={payout}', {
    clickId: '{external_id}',
    amount: '{payout}',
  }),
  inbound('hilltopads', 'https://hilltopads.net/postback?ctoken=h77&price=1.5', {
    clickId: 'h77',
    amount: '1.5',
  }),
  inbound('richads', 'http://rtb.adx1.com/log?action=conversion&key=r8&price=2', {
    clickId: 'r8',
    event: 'conversion',
    amount: '2',
  }),
  template(
    'trafficjunky',
    'https://ads.trafficjunky.net/ct?a=1&member_id=2&cb=[RANDOM_NUMBER]&cti=[TRANSACTION_UNIQ_ID]&ctv=[VALUE_OF_THE_TRANSACTION]&aclid={ACLID}',
    { clickId: '{ACLID}', txid: '[TRANSACTION_UNIQ_ID]', amount: '[VALUE_OF_THE_TRANSACTION]' },
  ),
  template('zeydoo', 'https://monetize.zeeto.io/postback/#s2#?ze=e0', { clickId: '#s2#', event: 'e0' }),
  inbound(
    'zeydoo',
    'https://monetize.zeeto.io/postback/43def666-dbca-453f-8dad-8e9f16ad112d?ze=e5&zr=10.50',
    {
      clickId: '43def666-dbca-453f-8dad-8e9f16ad112d',
      event: 'e5',
      amount: '10.50',
    },
  ),
  template(null, 'https://a.example/?secure=z&transaction_id=REPLACE', { clickId: null }),
  template(null, 'https://a.example/p?t=x&tid=1&event_name={event_name}', {
    clickId: null,
    event: '{event_name}',
  }),
  click('everflow', 'https://brand.example/?c1={transaction_id}', '{transaction_id}'),
  template(null, 'https://a.example/p?sub=#{SUB_ID}&amount=#{COMMISSION}', {
    clickId: '#{SUB_ID}',
    amount: '#{COMMISSION}',
  }),
  template(null, 'https://a.example/p?clickid={source_id1}&status=reg', {
    clickId: '{source_id1}',
    event: 'reg',
  }),
  template(null, 'https://a.example/p?cid={source_id1}&status=reg', { clickId: null }),
  template('offerwall', 'https://w.example/p?id={id}&uid={uid}&oid={oid}&new={new}&sig={sig}', {
    txid: '{id}',
  }),
  inbound('offerwall', 'https://w.example/p?amount=100&uid=u5&_trans_id_=t9&sid=0123456789abcdef', {
    txid: 't9',
    clickId: null,
    deviceId: 'u5',
  }),
  posted(
    null,
    {
      conversions: [
        {
          conversion_time: '2023-11-14T22:13:20.000Z',
          identifiers: [{ twclid: '23opevjt' }],
          value: '100.00',
          conversion_id: '232',
        },
      ],
    },
    { clickId: '23opevjt', amount: '100.00', txid: '232' },
    { at: '2023-11-14T22:13:20Z' },
  ),
  posted(
    null,
    {
      conversionHappenedAt: 1_700_000_000_000,
      conversionValue: { currencyCode: 'USD', amount: '50.0' },
      eventId: 'e1',
    },
    { amount: '50.0', currency: 'USD', txid: 'e1' },
    { at: '2023-11-14T22:13:20Z' },
  ),
  // Event APIs that others are sent through, and bodies whose message stands inside another object.
  posted(
    null,
    {
      data: [
        {
          event_name: 'Purchase',
          event_time: 1_700_000_000,
          event_id: 'e1',
          user_data: { fbc: 'fb.1.1554763741205.AbC_d-E' },
          custom_data: { currency: 'USD', value: 123.45 },
        },
      ],
    },
    { event: 'Purchase', clickId: 'AbC_d-E', amount: '123.45', currency: 'USD', txid: 'e1' },
    { at: '2023-11-14T22:13:20Z' },
  ),
  posted(
    null,
    {
      event_source: 'web',
      data: [
        {
          event: 'CompletePayment',
          event_time: 1_700_000_000,
          user: { ttclid: 'E.C.P.x' },
          properties: { currency: 'USD', value: 50 },
        },
      ],
    },
    { event: 'CompletePayment', clickId: 'E.C.P.x', amount: '50', currency: 'USD' },
  ),
  posted(
    null,
    {
      event: 'conversion.created',
      data: {
        id: 'cv1',
        attributes: { click_id: 'c5', payout: '7.50', currency: 'eur' },
        user: { name: 'Eve' },
      },
    },
    { event: 'conversion.created', txid: 'cv1', clickId: 'c5', amount: '7.50', currency: 'eur' },
  ),
  posted(
    null,
    {
      MicrosoftClickId: '4913554d86de1bacd06233addea09670',
      ConversionName: 'Purchase',
      ConversionTime: '2023-11-14T22:13:20Z',
      ConversionValue: '12.5',
      ConversionCurrencyCode: 'USD',
    },
    { clickId: '4913554d86de1bacd06233addea09670', event: 'Purchase', amount: '12.5', currency: 'USD' },
    { at: '2023-11-14T22:13:20Z' },
  ),
  // Of a product and of a person nothing is taken.
  posted(
    null,
    { click_id: 'c1', product: { price: 5, name: 'Shoe' }, user: { id: 'u1', name: 'Eve' } },
    { clickId: 'c1', amount: null, event: null, txid: null },
  ),
  // Whose account it is stands beside it: a transaction id is a transaction's.
  template(null, 'https://w.example/cb?user_id={user_id}&amount={amount}&transaction_id={transaction_id}', {
    clickId: null,
    txid: '{transaction_id}',
  }),
  template(
    null,
    'https://w.example/c?transaction_id={transaction_id}&payout={payout}&conversion_id={conversion_id}',
    {
      clickId: '{transaction_id}',
      txid: '{conversion_id}',
    },
  ),
  template(null, 'https://a.example/pb?s1=#s1#&s2=#s2#&s5=#s5#&cid=#s5#&payout=#price#&txid=#tid#', {
    clickId: '#s5#',
    amount: '#price#',
    txid: '#tid#',
  }),
  template(null, 'https://t.example/p?uid=#s2#&payout=#price#', { clickId: '#s2#', amount: '#price#' }),
  inbound(null, 'https://t.example/p?callback=https%3A%2F%2Fa.example%2Fx&event=lead', {
    clickId: null,
    event: 'lead',
  }),
  // Mobile measurement partners.
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
  // Trackers and performance networks.
  inbound(
    'voluum',
    'https://trk.example/postback?cid=w1234567890123456789012&payout=0&txid=o-9&et=reg&currency=rub',
    {
      clickId: 'w1234567890123456789012',
      amount: '0',
      txid: 'o-9',
      event: 'reg',
      currency: 'rub',
    },
    { worth: 0 },
  ),
  inbound('voluum', 'https://trk.example/postback?cid={clickid}&payout=5', { clickId: null, amount: '5' }),
  inbound(
    'redtrack',
    'https://trk.example/postback?clickid=5f&sum=1,5&type=Deposit&rdtk_event_id=e2',
    {
      clickId: '5f',
      event: 'Deposit',
      txid: 'e2',
    },
    { worth: 1.5 },
  ),
  inbound('redtrack', 'https://trk.example/postback?clickid=5f&status=approved', {
    clickId: '5f',
    event: 'approved',
  }),
  inbound('binom', 'http://trk.example/click.php?cnv_id=11aa&payout=auto&cnv_status=lead&cnv_currency=USD', {
    clickId: '11aa',
    event: 'lead',
    currency: 'USD',
  }),
  template(
    'binom',
    'https://trk.example/click.php?cnv_id={subid}&payout={payout}&cnv_status={status}&cnv_status2={goal}',
    {
      clickId: '{subid}',
      amount: '{payout}',
      event: '{status}',
    },
  ),
  inbound(
    'keitaro',
    'https://trk.example/a1b2c3d/postback?sub_id=3k1&status=sale&revenue=12.5%C2%A4cy=EUR&tid=2',
    {
      clickId: '3k1',
      event: 'sale',
      txid: '2',
      currency: 'EUR',
    },
    { worth: 12.5 },
  ),
  template('keitaro', 'https://trk.example/a1b2c3d/postback?subid=[[click_id]]&status=rejected&return=OK', {
    clickId: '[[click_id]]',
    event: 'rejected',
  }),
  inbound('bemob', 'https://x.bemobtrk.com/postback?cid=abcdefghij1234567890ab&payout=4&txid=7&status=hold', {
    clickId: 'abcdefghij1234567890ab',
    txid: '7',
    event: 'hold',
  }),
  inbound('clickflare', 'https://t.example/cf/cv?click_id=66f&payout=10&txid=t1&ct=custom_2', {
    clickId: '66f',
    txid: 't1',
    event: 'custom_2',
  }),
  inbound('clickflare', 'https://t.example/cf/postback?cid=66f', { clickId: '66f', event: null }),
  template(
    'peerclick',
    'https://t.example/postback?cid=%subid%&payout=%payout%&txid=%orderid%&status=OPTIONAL',
    {
      clickId: '%subid%',
      amount: '%payout%',
      txid: '%orderid%',
      event: null,
    },
  ),
  inbound(
    'tune',
    'http://n.go2cloud.org/aff_goal?a=lsr&goal_id=12&transaction_id=102f&amount=30.00&adv_sub=order-5&security_token=x',
    {
      clickId: '102f',
      event: '12',
      amount: '30.00',
      txid: 'order-5',
    },
  ),
  template(
    'tune',
    'https://t.example/postback?cid={aff_sub}&payout={payout}&txid={transaction_id}&datetime={datetime}',
    {
      clickId: '{aff_sub}',
      amount: '{payout}',
    },
  ),
  click(
    'tune',
    'https://n.go2cloud.org/aff_c?offer_id=1&aff_id=2&aff_sub={clickid}&aff_sub2={sub}',
    '{clickid}',
  ),
  inbound(
    'everflow',
    'https://www.x-trk.com/?nid=44&transaction_id=0123456789abcdef0123456789abcdef&adv_event_id=3&amount=7.5&order_id=A-1',
    {
      clickId: '0123456789abcdef0123456789abcdef',
      event: '3',
      amount: '7.5',
      txid: 'A-1',
    },
  ),
  inbound(
    'affise',
    'https://offers.x.affise.com/postback?clickid=5e0&action_id=a7&goal=2&status=5&sum=1.25&currency=EUR&secure=s',
    {
      clickId: '5e0',
      txid: 'a7',
      event: '2',
      status: '5',
      amount: '1.25',
      currency: 'EUR',
    },
  ),
  template('affise', 'https://t.example/postback?cid={sub1}&payout={sum}&txid={transactionid}&et={goal}', {
    clickId: '{sub1}',
    amount: '{sum}',
    txid: '{transactionid}',
    event: '{goal}',
  }),
  inbound('cake', 'https://x.example/p.ashx?a=1&e=22&r=998877&p=5.00&t=ord-3&f=pb', {
    clickId: '998877',
    event: '22',
    amount: '5.00',
    txid: 'ord-3',
  }),
  template('cake', 'https://t.example/postback?click_id=#s2#&payout=#price#&txid=#tid#&type=lead', {
    clickId: '#s2#',
    amount: '#price#',
    txid: '#tid#',
    event: 'lead',
  }),
  posted(
    'impact',
    {
      SubId1: 'im-1',
      ActionId: '1000.22.3',
      Status: 'REVERSED',
      Payout: '0',
      DeltaPayout: '-4.20',
      Currency: 'USD',
      EventDate: '2026-11-05T10:11:12-08:00',
    },
    { clickId: 'im-1', txid: '1000.22.3', event: 'REVERSED', amount: '0', currency: 'USD' },
    { at: '2026-11-05T18:11:12Z' },
  ),
  inbound(
    'prosper202',
    'https://t.example/tracking202/static/gpb.php?subid=12345&amount=3.5&transaction_id=tt',
    {
      clickId: '12345',
      amount: '3.5',
      txid: 'tt',
    },
  ),
  // Networks, as those who report to them write.
  inbound(
    'taboola',
    'https://trc.taboola.com/actions-handler/log/3/s2s-action?click-id=GiA_-x&name=purchase&revenue=5&currency=USD&orderid=1',
    {
      clickId: 'GiA_-x',
      event: 'purchase',
      txid: '1',
    },
  ),
  inbound(
    'outbrain',
    'https://tr.outbrain.com/unifiedPixel?ob_click_id=v4x&name=Purchase&orderValue=10.5&orderId=o1&currency=USD&timestamp=11%2F05%2F2026%2010%3A11%3A12',
    {
      clickId: 'v4x',
      event: 'Purchase',
      amount: '10.5',
      txid: 'o1',
    },
    { at: '2026-11-05T10:11:12Z' },
  ),
  inbound('mgid', 'https://a.mgid.com/postback?c=a1b2&e=buy&r=7', {
    clickId: 'a1b2',
    event: 'buy',
    amount: '7',
  }),
  inbound(null, 'https://a.mgid.com/postback?c=a1b2&e=buy&r=7', {
    clickId: 'a1b2',
    event: 'buy',
    amount: '7',
  }),
  template(
    'propellerads',
    'http://ad.propellerads.com/conversion.php?aid=1&pid=&tid=2&visitor_id=${SUBID}&payout={payout}',
    {
      clickId: '${SUBID}',
      amount: '{payout}',
    },
  ),
  click('propellerads', 'https://lp.example/?visitor_id=${SUBID}&zone={zoneid}&cost={cost}', '${SUBID}'),
  inbound('exoclick', 'http://s.exosrv.com/tag.php?goal=0123456789abcdef0123456789abcdef&tag=opaque.1', {
    clickId: 'opaque.1',
    event: '0123456789abcdef0123456789abcdef',
  }),
  click(
    'exoclick',
    'https://lp.example/?cmp={campaign_id}&data={conversions_tracking}',
    '{conversions_tracking}',
  ),
  inbound('trafficstars', 'https://tsyndicate.com/api/v1/cpa/action?key=k&goalid=2&value=3&clickid=ts9', {
    clickId: 'ts9',
    event: '2',
    amount: '3',
  }),
  click('mediago', 'https://lp.example/?camp=${CAMPAIGN_ID}&tid=${TRACKING_ID}', '${TRACKING_ID}'),
  inbound('zeropark', 'https://postback.zeroredirect1.com/zppostback/q?cid=8f-1&payout=2', {
    clickId: '8f-1',
    amount: '2',
  }),
  inbound('zeydoo', 'https://t.example/pb?ymid=u7&ze=2&var=11&payout=0.4', {
    clickId: 'u7',
    event: '2',
    amount: '0.4',
  }),
  inbound(
    'offerwall',
    'https://g.example/ow?user_id=u5&transaction_id=tx1&payout=-0.75&status=2&signature=ab',
    {
      txid: 'tx1',
      event: '2',
      amount: '-0.75',
      deviceId: 'u5',
      clickId: null,
    },
  ),
  // Clicks of the large networks.
  click('google_ads', 'https://shop.example/?gclid=Cj0K_a-B&gbraid=0AAAA&click_id=other', 'Cj0K_a-B'),
  click(null, 'https://shop.example/?utm_source=tiktok&fbclid=IwAR1&msclkid=N', 'IwAR1'),
  click('tiktok', 'https://shop.example/?fbclid=IwAR1&ttclid=E.C.P.x', 'E.C.P.x'),
  click('microsoft', 'https://shop.example/?msclkid=N&gclid=', null),
  click(
    'taboola',
    'https://news.example/a?utm_source=taboola#tblciGiAId4kjQ6dTOp8dg6bJwUI',
    'GiAId4kjQ6dTOp8dg6bJwUI',
  ),
  click('outbrain', 'https://lp.example/?dicbo=v2-a_b&utm_source=outbrain', 'v2-a_b'),
  click(null, 'https://lp.example/?cid={campaign.id}&ymid={CLICK_ID}', '{CLICK_ID}'),
  {
    kind: 'click',
    source: 'meta',
    body: '{"_fbp":"fb.1.1.2","_fbc":"fb.2.1793873472345.AbC-_9.Bg"}',
    said: { clickId: 'AbC-_9' },
    at: '2026-11-05T10:11:12.345Z',
  },
  // Nobody's in particular, and what happens to addresses on their way.
  inbound(
    null,
    'https://t.example/p?&amp;clickid=A%2Bb&amp;goal=ftd&amp;sum=1%20234.50&amp;cur=usd',
    {
      clickId: 'A+b',
      event: 'ftd',
      currency: 'usd',
    },
    { worth: 1234.5 },
  ),
  inbound(null, 'https://t.example/postback&clickid=77&payout=3', { clickId: '77', amount: '3' }),
  inbound(null, 'https://t.example/postback/clickid/77/payout/3', { clickId: '77', amount: '3' }),
  inbound(null, 'https://t.example/?ClickID=A&clickid=B&status=1', { clickId: 'A', event: '1' }),
  inbound(null, 'https://t.example/ftd?uclick=x&subid=S1&tid=', { clickId: 'S1', txid: null, event: 'ftd' }),
  inbound(null, 'https://t.example/p?cid=%7Bsub%7D&payout=null&txid=undefined', {
    clickId: null,
    amount: null,
    txid: null,
  }),
  inbound('voluum', 'http://t.example/postback?cid=#s2#&payout=5', { clickId: null, amount: null }),
  inbound(null, 'https://t.example/p?clickid=q;x=2&payout=2', { clickId: 'q;x=2', amount: '2' }),
  inbound(null, 'clickid=q;payout=2', { clickId: 'q', amount: '2' }),
  posted(null, 'clickid=77&event=sale&amount=%2412.5', { clickId: '77', event: 'sale' }, { worth: 12.5 }),
  template(null, 'https://t.example/pb?a=__CLICK_ID__&b=@amount@&c=<orderid>', {
    clickId: '__CLICK_ID__',
    amount: '@amount@',
    txid: '<orderid>',
  }),
  template(null, 'https://t.example/pb?click=$(click_id)&sum=%%payout%%', {
    clickId: '$(click_id)',
    amount: '%%payout%%',
  }),
  // Apple.
  posted(
    'apple_skadnetwork',
    {
      version: '4.0',
      'ad-network-id': 'n.skadnetwork',
      'transaction-id': 'T-1',
      'did-win': false,
      'attribution-signature': 'x',
    },
    { event: 'install', txid: 'T-1', clickId: null },
  ),
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
];
