import { dialect } from './dialect.ts';

/** HilltopAds: ctoken the click, price the payout (hilltopads.com, postback). */
export const hilltopads = dialect({
  id: 'hilltopads',
  title: 'HilltopAds',
  names: { clickId: ['ctoken', 'click_id'], amount: ['price'] },
  signs: { hosts: [/(?:^|\.)hilltopads\.(?:net|com)$/], params: ['ctoken'] },
  clickParams: ['ctoken', 'click_id'],
  template: 'ctoken={click_id}&price={amount}&currency={currency}&txid={order_id}',
  where: [
    'For a system that reports conversions to HilltopAds: put our address in place of theirs and keep its parameters.',
  ],
});
