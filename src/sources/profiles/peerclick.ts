import { dialect } from './dialect.ts';

/** PeerClick: cid, payout, txid, status, event numbers as `event3=1`. */
export const peerclick = dialect({
  id: 'peerclick',
  title: 'PeerClick',
  names: { clickId: ['cid'], txid: ['txid'], status: ['status'], amount: ['payout'], currency: ['currency'] },
  signs: { hosts: [/(?:^|\.)peerclick\.com$/], hints: ['event1', 'event2', 'event3'] },
  clickParams: ['cid', 'externalid'],
  scopeWithoutTxid: 'click-event',
  template: 'cid={externalid}&payout={payout}&txid={txid}&status={status}&currency={currency}',
  where: [
    'In PeerClick open Traffic sources and paste this as the postback URL; its external id is our click_id.',
  ],
});
