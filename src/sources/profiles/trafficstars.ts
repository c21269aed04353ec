import { dialect } from './dialect.ts';

/** TrafficStars: clickid, goalid, value, and a key. */
export const trafficstars = dialect({
  id: 'trafficstars',
  title: 'TrafficStars',
  names: { clickId: ['clickid'], event: ['goalid'], amount: ['value', 'price'] },
  signs: { hosts: [/(?:^|\.)(?:trafficstars|tsyndicate)\.com$/], hints: ['goalid'] },
  clickParams: ['clickid', 'click_id'],
  template: 'clickid={click_id}&goalid=1&value={amount}&txid={order_id}',
  where: [
    'For a system that reports conversions to TrafficStars: put our address in place of theirs and keep its parameters.',
  ],
});
