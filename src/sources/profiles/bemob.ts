import { dialect } from './dialect.ts';

/** BeMob: cid, payout, txid, status; some networks need one address per status. */
export const bemob = dialect({
  id: 'bemob',
  title: 'BeMob',
  names: { clickId: ['cid'], txid: ['txid'], status: ['status'], amount: ['payout'] },
  signs: {
    hosts: [/(?:^|\.)(?:bemob\.com|bemobtrk\.com|bemobtrcks\.com)$/],
    hints: ['cid', 'txid'],
  },
  clickParams: ['cid', 'externalid'],
  scopeWithoutTxid: 'click-event',
  template: 'cid={externalId}&payout={payout}&txid={transactionId}&status={status}',
  where: [
    'In BeMob open Traffic sources and paste this as the postback URL; its external id is our click_id.',
    'A new or declined conversion comes with payout 0.',
  ],
});
