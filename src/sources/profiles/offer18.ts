import { dialect } from './dialect.ts';

/** Offer18: tid is the click id, adv_sub1 the order, sale the amount (knowledge base, global postback parameters). */
export const offer18 = dialect({
  id: 'offer18',
  title: 'Offer18',
  names: { clickId: ['tid'], txid: ['adv_sub1'], event: ['event'], amount: ['sale', 'payout'] },
  signs: { hosts: [/(?:^|\.)(?:offer18\.(?:com|net)|o18\.(?:click|link))$/], hints: ['mid', 'adv_sub1'] },
  clickParams: ['aff_click_id', 'tid'],
  scopeWithoutTxid: 'click-event',
  template: 'tid={aff_click_id}&adv_sub1={adv_sub1}&event={event}&sale={sale}&currency={currency}',
  where: [
    'In Offer18 open the affiliate, then Postback, and paste this; our click_id rides in aff_click_id.',
  ],
});
