import { click, inbound, posted, template, type WireLine } from './wire-line.ts';

/** Shops, affiliate networks, event APIs and offerwalls. */
export const SHOP_LINES: readonly WireLine[] = [
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
];
