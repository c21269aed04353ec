import { dialect } from './dialect.ts';

/** Zeropark: cid as the click id; its publisher side says extclickid and visitid, with ISO times in ms. */
export const zeropark = dialect({
  id: 'zeropark',
  title: 'Zeropark',
  names: { clickId: ['cid', 'extclickid', 'visitid'], amount: ['payout'] },
  signs: {
    hosts: [/(?:^|\.)zeropark\.com$/, /(?:^|\.)zeroredirect\d*\.com$/],
    params: ['extclickid'],
    hints: ['visitid'],
  },
  clickParams: ['cid', 'extclickid'],
  template: 'cid={click_id}&payout={amount}&currency={currency}&txid={order_id}',
  where: [
    'For a system that reports conversions to Zeropark: put our address in place of theirs and keep its parameters.',
  ],
});
