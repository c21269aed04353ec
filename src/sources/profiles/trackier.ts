import { dialect } from './dialect.ts';

/** Trackier: click_id, txn_id, sale_amount, goal_value (help.trackier.com, postback guide). */
export const trackier = dialect({
  id: 'trackier',
  title: 'Trackier',
  names: {
    clickId: ['click_id', 'tid'],
    txid: ['txn_id', 'conversion_id'],
    event: ['goal_value', 'goal_id', 'goal', 'goal_name', 'event', 'event_id'],
    amount: ['payout', 'sale_amount', 'revenue', 'amount'],
  },
  signs: {
    hosts: [/(?:^|\.)(?:trackier\.(?:io|com)|gotrackier\.com|vnative\.com|trackier\.co)$/],
    paths: [/^\/acquisition$/],
    hints: ['goal_value', 'txn_id'],
  },
  clickParams: ['p1', 'click_id', 'sub1'],
  scopeWithoutTxid: 'click-event',
  template:
    'click_id={p1}&txn_id={txn_id}&goal_value={goal_value}&payout={payout}&currency={currency}&status={status}',
  where: [
    'In Trackier open Publishers, Postback/Pixels, New postback, and paste this; p1 carries our click_id.',
  ],
});
