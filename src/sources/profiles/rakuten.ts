import { dialect } from './dialect.ts';

/** Rakuten Advertising: ranSiteID the click, ord the order, amounts in hundredths and listed per product (pubhelp.rakutenadvertising.com, server to server). */
export const rakuten = dialect({
  id: 'rakuten',
  title: 'Rakuten Advertising',
  aliases: ['linkshare', 'linksynergy'],
  names: {
    clickId: ['ransiteid', 'tr', 'u1'],
    txid: ['ord', 'order_id', 'etransaction_id'],
    currency: ['cur', 'currency'],
  },
  signs: { hosts: [/(?:^|\.)linksynergy\.com$/], params: ['ransiteid', 'ranmid'] },
  clickParams: ['u1', 'ransiteid'],
  template: 'tr={click_id}&ord={order_id}&amount={amount}&cur={currency}',
  where: [
    'For a shop that reports conversions to Rakuten: put our address in place of theirs and keep its parameters.',
  ],
});
