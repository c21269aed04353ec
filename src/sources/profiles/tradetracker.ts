import { dialect } from './dialect.ts';

/** TradeTracker: tid and tam on its pixel are the order and its amount; reference is what the click brought (sc.tradetracker.net, conversion implementation). */
export const tradetracker = dialect({
  id: 'tradetracker',
  title: 'TradeTracker',
  names: {
    clickId: ['reference'],
    txid: ['tid', 'transactionid'],
    event: ['event'],
    amount: ['tam', 'transactionamount', 'commission'],
  },
  signs: { hosts: [/(?:^|\.)tradetracker\.net$/], params: ['tam'], hints: ['tgi', 'descrmerchant'] },
  clickParams: ['reference', 'r'],
  template:
    'reference={reference}&tid={transactionID}&tam={transactionAmount}&event={event}&currency={currency}',
  where: ['Let TradeTracker or the shop call this per conversion; reference carries our click_id.'],
});
