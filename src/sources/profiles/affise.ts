import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Affise: status is a number: 1 approved, 2 pending, 3 declined, 5 hold; there is no 4 (help-center.affise.com, postbacks). */
export const affise = dialect({
  id: 'affise',
  title: 'Affise',
  names: {
    clickId: ['clickid', 'click_id'],
    txid: ['action_id', 'transactionid', 'transaction_id'],
    event: ['goal'],
    status: ['status'],
    amount: ['sum', 'payout'],
    currency: ['currency'],
    eventTime: ['date', 'timestamp'],
  },
  signs: {
    hosts: [/(?:^|\.)affise\.com$/, /\.g2afse\.com$/],
    params: ['custom_field1'],
    hints: ['action_id', 'goal', 'secure'],
  },
  clickParams: ['sub1', 'sub2', 'sub3', 'sub4', 'sub5', 'sub6', 'sub7', 'sub8', 'clickid'],
  statuses: { ...GENERIC_STATUSES, 1: 'approved', 2: 'pending', 3: 'rejected', 5: 'hold' },
  scopeWithoutTxid: 'click-event',
  answers: 'always-200',
  template:
    'clickid={sub1}&action_id={transactionid}&goal={goal}&status={status}&sum={sum}&currency={currency}&timestamp={timestamp}',
  where: [
    'In Affise open Postbacks, add one for all goals and statuses, and paste this.',
    'Affise has no macro for its own click id: put our click_id into sub1 of the offer address.',
  ],
});
