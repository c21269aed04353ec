import { click, inbound, posted, template, type WireLine } from './wire-line.ts';

/** Networks, large and small, addresses damaged on their way, and Apple. */
export const NETWORK_LINES: readonly WireLine[] = [
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
];
