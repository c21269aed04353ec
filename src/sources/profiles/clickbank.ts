import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** ClickBank notifications: the receipt is the transaction, transactionType what happened, the tracking code our click (support.clickbank.com, instant notification service). */
export const clickbank = dialect({
  id: 'clickbank',
  title: 'ClickBank',
  names: {
    clickId: ['aff_sub1', 'tid', 'trackingcodes', 'extclid', 'click_id', 'clickid'],
    txid: ['receipt', 'cbreceipt', 'ctransreceipt'],
    event: ['transactiontype', 'ctransaction', 'event'],
    amount: ['totalaccountamount', 'totalorderamount', 'caccountamount', 'corderamount', 'ctransamount'],
    currency: ['currency', 'ccurrency'],
    eventTime: ['transactiontime', 'ctranstime'],
  },
  exact: ['event'],
  signs: {
    hosts: [/(?:^|\.)clickbank\.(?:com|net)$/],
    params: ['transactiontype', 'cbreceipt', 'ctransreceipt', 'totalaccountamount'],
  },
  clickParams: ['extclid', 'tid'],
  statuses: { ...GENERIC_STATUSES, rfnd: 'reversed', cgbk: 'reversed', bill: 'approved' },
  template:
    'tid={tid}&receipt={receipt}&transactiontype={transaction_type}&amount={affiliate_earnings}&currency={currency}',
  where: ['In ClickBank open Settings, My site, Integrated sales reporting, and paste this as a postback.'],
});
