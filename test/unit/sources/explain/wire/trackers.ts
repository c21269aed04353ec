import { click, inbound, posted, template, type WireLine } from './wire-line.ts';

/** Trackers and performance networks. */
export const TRACKER_LINES: readonly WireLine[] = [
  // support.qualityunit.com/038895, sale tracking request of Post Affiliate Pro.
  inbound(
    'postaffiliatepro',
    'https://pap.example/scripts/sale.php?AccountId=default1&visitorId=b910a79d&TotalCost=120.50&OrderID=ORD_12345XYZ&ActionCode=lead&ProductID=p&Currency=BRL',
    { clickId: 'b910a79d', txid: 'ORD_12345XYZ', event: 'lead', currency: 'BRL' },
    { worth: 120.5 },
  ),
  // github.com/tracking202/prosper202: the transaction's own name on gpb.php.
  template(
    'prosper202',
    'https://trk.example/tracking202/static/gpb.php?amount={amount}&subid={s}&t202txid={t}',
    {
      clickId: '{s}',
      txid: '{t}',
      amount: '{amount}',
    },
  ),
  // Adgebra's convId is filled with the sub id that took the click there (help.adgebra.co, postback tracking).
  template('adgebra', 'https://x.example/clicktracker/conversion?p2=order_Id&p4=cartvalue&convId={sub1}', {
    clickId: '{sub1}',
    txid: null,
  }),
  // sc.tradetracker.net, conversion implementation: the pixel's tid and tam.
  inbound(
    'tradetracker',
    'https://ts.tradetracker.net/?tgi=&pid=1&tid=N-77&tam=19.95&event=sales&currency=EUR&reference=r-1',
    { clickId: 'r-1', txid: 'N-77', event: 'sales', currency: 'EUR' },
    { worth: 19.95 },
  ),
  // support.mitgo.com, integration by postback request.
  inbound(
    'admitad',
    'https://ad.admitad.com/r?campaign_code=c&action_code=1&payment_type=sale&uid=u1&tariff_code=1&order_id=o9&currency_code=USD&price=7',
    { clickId: 'u1', txid: 'o9', event: '1', currency: 'USD' },
    { worth: 7 },
  ),
  inbound('admitad', 'https://ad.admitad.com/r?campaign_code=c&action_code=1&uid=&order_id=o9&price=', {
    clickId: null,
    txid: 'o9',
    amount: null,
  }),
  // The macro knows better than a name that nobody has listed, and a macro may itself be put together.
  template('offersmeta', 'https://x.example/conversion/postback?click_id={c}&event_value={event}', {
    clickId: '{c}',
    event: '{event}',
    amount: null,
  }),
  // getcourse.ru/blog/738496, postback of a partner.
  template('getcourse', 'https://x.example/exec?p1={deal_id}&p2={deal_status}&p3={deal_cost}', {
    txid: '{deal_id}',
    status: '{deal_status}',
    amount: '{deal_cost}',
  }),
  template('keitaro', 'https://trk.example/{POSTBACK_KEY}/postback?subid={subid}&status={status}', {
    clickId: '{subid}',
    event: '{status}',
  }),
  // An address that says nothing of a conversion is a click's.
  template(null, 'https://lp.example/h3?external_id={clickId}&ad_campaign_id={c}&sub1={sn_sub1}', {
    clickId: '{clickId}',
  }),
  template(null, 'https://x.example/pb?net={clickId}&sub1={sn_sub1}&payout={p}', { clickId: '{sn_sub1}' }),
  // Scaleo's tracking domain, as shops call it: adv_order_id is the advertiser's order. Primelead's path holds the action.
  template(
    'scaleo',
    'https://x.scaletrk.com/track/conv?click_id={c}&adv_order_id={o}&goal_alias=lead&conv_status=pending',
    {
      clickId: '{c}',
      txid: '{o}',
      event: 'lead',
    },
  ),
  template(null, 'https://x.example/api/v1/postback/{status}/{action_uuid}', {
    txid: '{action_uuid}',
    event: '{status}',
  }),
  // What a manual writes in capitals is a place to fill; what was sent so is a macro nobody filled.
  template('tune', 'http://x.go2cloud.org/aff_goal?a=lsr&goal_id=2&transaction_id=TRANSACTION_ID', {
    clickId: 'TRANSACTION_ID',
    event: '2',
  }),
  template('tune', 'http://x.go2cloud.org/aff_lsr?transaction_id=transaction_id', { clickId: null }),
  inbound('tune', 'http://x.go2cloud.org/aff_lsr?transaction_id=TRANSACTION_ID', { clickId: null }),
  click('kochava', 'https://c.example/click?click_id=CLICK_ID&device_id=device_id', 'CLICK_ID'),
  click('kochava', 'https://c.example/click?click_id=click_id', null),
  // bat.bing.com's own pixel: msclkid=N says that nobody clicked, and its session is no click.
  click('microsoft', 'https://bat.example/action/0?sid=1ade&vid=1aee&msclkid=N', null),
  // Admitad's [[payment]] under the receiver's own name.
  template(
    'admitad',
    'https://x.example/api/postback/admitad?subid=[[subid]]&payment=[[payment]]&order_id=[[order_id]]',
    {
      clickId: '[[subid]]',
      amount: '[[payment]]',
      txid: '[[order_id]]',
    },
  ),
  // An ad network's id handed on beside the receiver's own click id; alone it is the click id.
  template(null, 'https://x.example/pb?click={click_id}&type={conversion_type}&gclid={gclid}', {
    clickId: '{click_id}',
    event: '{conversion_type}',
  }),
  template(null, 'https://x.example/pb?type={conversion_type}&gclid={gclid}', { clickId: '{gclid}' }),
  // dev.adjust.com, click parameters: creative names the creative; what fills a callback is an address.
  click('adjust', 'https://app.adjust.com/13af6dvq?creative=Video_{sub_id}&idfa=__IDFA__', null),
  click(null, 'https://x.example/c?idfa={IDFA}&callback={CALLBACK_URL}', null),
  // ocpx.baidu.com, upload of conversions; ads.vk.com, click verification.
  click('baidu', 'https://shop.example/?sid=ECC&bd_vid=1155', '1155'),
  click('vk', 'https://shop.example/?utm_source=vkads&rb_clickid=rb-7', 'rb-7'),
  // A click's address of TUNE's: a written-out sub id is nobody's click beside a macro that says it is one.
  template(
    'tune',
    'http://z.go2cloud.org/aff_c?offer_id=82&aff_id=1&aff_sub=CJ25-54&aff_sub2={v}&aff_sub3={clickid}',
    {
      clickId: '{clickid}',
    },
  ),
  click(
    'affwish',
    'https://trk.example/click?offer_id={offer_id}&transaction_id={transaction_id}&sub_id={sub_id}&sub_id2={sub_id2}',
    '{transaction_id}',
  ),
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
];
