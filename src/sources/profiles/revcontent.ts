import { dialect } from './dialect.ts';

/** Revcontent: rc_uuid, or a parameter of the buyer's choice. */
export const revcontent = dialect({
  id: 'revcontent',
  title: 'Revcontent',
  names: { clickId: ['rc_uuid'], amount: ['revenue', 'amount'] },
  signs: { hosts: [/(?:^|\.)revcontent\.com$/], params: ['rc_uuid'] },
  clickParams: ['rc_uuid'],
  template: 'rc_uuid={click_id}&event=purchase&amount={amount}&currency={currency}',
  where: [
    'For a system that reports conversions to Revcontent: put our address in place of theirs and keep its parameters.',
  ],
});
