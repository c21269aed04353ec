import { dialect } from './dialect.ts';

/** MGID: c the click, e the event, r the revenue (help.mgid.com, postback setting). */
export const mgid = dialect({
  id: 'mgid',
  title: 'MGID',
  names: { clickId: ['c', 'click_id'], event: ['e'], amount: ['r'] },
  signs: { hosts: [/(?:^|\.)mgid\.com$/], hints: ['c', 'e', 'r', 'widget_id', 'teaser_id'] },
  clickParams: ['adclid', 'click_id', 'c'],
  template: 'c={click_id}&e=purchase&r={amount}&txid={order_id}',
  where: [
    'For a system that reports conversions to MGID: put our address in place of theirs and keep its parameters.',
  ],
});
