import { dialect } from './dialect.ts';

/** Taboola: click-id with a hyphen, name in exact case (developers.taboola.com, the postback URL). */
export const taboola = dialect({
  id: 'taboola',
  title: 'Taboola',
  names: {
    clickId: ['click-id', 'tblci'],
    txid: ['orderid'],
    event: ['name'],
    amount: ['revenue'],
    currency: ['currency'],
    eventTime: ['timestamp'],
  },
  signs: { hosts: [/(?:^|\.)taboola\.com$/], paths: [/\/s2s-action$/], params: ['click-id', 'tblci'] },
  clickParams: ['tblci'],
  template: 'click-id={click_id}&name=purchase&revenue={amount}&currency={currency}&orderid={order_id}',
  where: [
    'For a system that reports conversions to Taboola: put our address in place of theirs and keep its parameters.',
  ],
});
