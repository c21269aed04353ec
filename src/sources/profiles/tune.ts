import { dialect } from './dialect.ts';

/** TUNE (HasOffers): transaction_id is the click id; an order number stands in adv_sub (support.tune.com, receiving conversions via postback URL). */
export const tune = dialect({
  id: 'tune',
  title: 'TUNE',
  aliases: ['hasoffers'],
  names: {
    clickId: ['transaction_id'],
    txid: ['adv_sub'],
    event: ['goal_id', 'goal_name', 'goal'],
    amount: ['amount', 'payout', 'sale_amount', 'revenue'],
    eventTime: ['conversion_event_datetime', 'datetime'],
  },
  signs: {
    hosts: [/(?:^|\.)(?:go2cloud\.org|hasoffers\.com|tune\.com)$/],
    paths: [/^\/aff_(?:lsr|goal|l|c|i|r|ad)$/],
    params: ['security_token'],
    hints: ['adv_sub', 'goal_id', 'aff_id'],
  },
  clickParams: ['aff_sub', 'aff_click_id', 'aff_sub2', 'aff_sub3', 'aff_sub4', 'aff_sub5'],
  scopeWithoutTxid: 'click-event',
  answerTexts: { accepted: 'success=true;', duplicate: 'success=false; err_msg=Duplicate conversion;' },
  template:
    'transaction_id={aff_sub}&goal_id={goal_id}&amount={payout}&currency={currency}&datetime={datetime}',
  where: [
    'In TUNE open Offer pixels and URLs, choose Postback URL, and paste this.',
    'Put our click_id into aff_sub of the offer address, so that {aff_sub} brings it back.',
  ],
});
