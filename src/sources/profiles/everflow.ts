import { dialect } from './dialect.ts';

/** Everflow: nid and transaction_id are the least it needs; order_id tells conversions of one click apart (helpdesk.everflow.io, S2S postbacks). */
export const everflow = dialect({
  id: 'everflow',
  title: 'Everflow',
  names: {
    clickId: ['transaction_id'],
    txid: ['order_id', 'oid'],
    event: ['adv_event_id', 'event_id', 'event_name', 'event'],
    amount: ['amount', 'payout', 'sale_amount'],
  },
  signs: {
    hosts: [/(?:^|\.)(?:everflow\.io|eflow\.team)$/],
    params: ['adv_event_id', 'verification_token'],
    hints: ['nid', 'transaction_id'],
  },
  clickParams: ['sub1', 'sub2', 'sub3', 'sub4', 'sub5', 'transaction_id'],
  scopeWithoutTxid: 'click-event',
  answers: 'always-200',
  template: 'transaction_id={sub1}&event_id={event_id}&amount={payout_amount}&order_id={order_id}',
  where: [
    'In Everflow open Partner postbacks and paste this for the base conversion and for events.',
    'Put our click_id into sub1 of the offer address. After 25 failures Everflow switches a postback off, so every answer is 200.',
  ],
});
