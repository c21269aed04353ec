import { dialect } from './dialect.ts';

/** Adsterra: subid_short the click, atpay the payout (help.adsterra.com, S2S postback). */
export const adsterra = dialect({
  id: 'adsterra',
  title: 'Adsterra',
  names: { clickId: ['subid_short', 'click_id'], amount: ['atpay'], event: ['goal'] },
  signs: { hosts: [/(?:^|\.)(?:adsterra|pbterra)\.com$/], params: ['subid_short', 'atpay'] },
  clickParams: ['subid_short', 'subid', 'clickid'],
  template: 'subid_short={click_id}&atpay={amount}&currency={currency}&txid={order_id}',
  where: [
    'For a system that reports conversions to Adsterra: put our address in place of theirs and keep its parameters.',
  ],
});
