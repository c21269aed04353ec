import { dialect } from './dialect.ts';

/** Prosper202: subid (or sid) is a number; the first of its transaction names that has a value is the key. */
export const prosper202 = dialect({
  id: 'prosper202',
  title: 'Prosper202',
  names: {
    clickId: ['subid', 'sid'],
    txid: ['txid', 't202txid', 'transaction_id', 'transactionid', 'order_id', 'orderid', 'oid'],
    amount: ['amount', 'payout'],
  },
  signs: {
    hosts: [/prosper202|tracking202/],
    paths: [/\/(?:gpb|gpx|upx)\.php$/],
    params: ['t202kw', 't202id'],
  },
  clickParams: ['t202kw', 'aff_sub', 'subid', 'c1'],
  scopeWithoutTxid: 'click-event',
  template: 'subid={subid}&amount={payout}&txid={transaction_id}&event=purchase',
  where: ['Let the network call this in place of gpb.php; subid carries our click_id.'],
});
