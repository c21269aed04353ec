import { dialect } from './dialect.ts';

/** Awin server-to-server conversions: cks holds the awc of the click, ref the order, cr the currency (wiki.awin.com, server to server tracking). */
export const awin = dialect({
  id: 'awin',
  title: 'Awin',
  names: {
    clickId: ['cks', 'awc', 'clickref', 'click_ref'],
    txid: ['ref', 'order_ref', 'transactionid', 'transaction_id'],
    amount: ['amount', 'commission'],
    currency: ['cr', 'currency'],
  },
  signs: {
    hosts: [/(?:^|\.)awin1?\.com$/],
    paths: [/\/sread\.php$/],
    params: ['cks'],
    hints: ['awc', 'parts'],
  },
  clickParams: ['awc', 'clickref'],
  template: 'cks={click_id}&ref={order_id}&amount={amount}&cr={currency}',
  where: [
    'For a shop that reports conversions to Awin: put our address in place of theirs and keep its parameters.',
  ],
});
