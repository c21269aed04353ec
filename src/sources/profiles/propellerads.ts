import { dialect } from './dialect.ts';

/** PropellerAds: visitor_id holds ${SUBID} of the click. */
export const propellerads = dialect({
  id: 'propellerads',
  title: 'PropellerAds',
  names: {
    clickId: ['visitor_id'],
    txid: ['trx'],
    event: ['goal'],
    amount: ['price', 'payout'],
    currency: ['currency'],
    site: ['zoneid'],
  },
  // The advertiser's number there, not a transaction's.
  ignored: ['tid'],
  signs: {
    hosts: [/(?:^|\.)propellerads\.com$/, /(?:^|\.)ad\.propellerads\.com$/],
    paths: [/^\/conversion\.php$/],
    params: ['visitor_id'],
    hints: ['aid', 'zoneid'],
  },
  clickParams: ['visitor_id', 'subid'],
  template: 'visitor_id={click_id}&price={amount}&currency={currency}&trx={order_id}',
  where: [
    'For a system that reports conversions to PropellerAds: put our address in place of theirs and keep its parameters.',
  ],
});
