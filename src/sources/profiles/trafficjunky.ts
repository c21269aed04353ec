import { dialect } from './dialect.ts';

/** TrafficJunky: aclid the click, cti the transaction, ctv its value (trafficjunky.com, conversion tracking). */
export const trafficjunky = dialect({
  id: 'trafficjunky',
  title: 'TrafficJunky',
  names: { clickId: ['aclid'], txid: ['cti'], amount: ['ctv'], event: ['ctd'] },
  signs: { hosts: [/(?:^|\.)trafficjunky\.(?:net|com)$/], params: ['aclid'], hints: ['cti', 'ctv'] },
  clickParams: ['aclid'],
  template: 'aclid={click_id}&cti={order_id}&ctv={amount}&ctd=purchase',
  where: [
    'For a system that reports conversions to TrafficJunky: put our address in place of theirs and keep its parameters.',
  ],
});
