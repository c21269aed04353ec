import { dialect } from './dialect.ts';

/** RichAds and PPCmate: the click is called key, macros stand in square brackets (ppcmate.zendesk.com, how to create a postback URL). */
export const richads = dialect({
  id: 'richads',
  title: 'RichAds',
  aliases: ['richpush', 'ppcmate'],
  names: { clickId: ['key', 'clickid', 'click_id'], event: ['action'], amount: ['price'] },
  signs: { hosts: [/(?:^|\.)(?:richads|adx1|ppcmate)\.com$/] },
  clickParams: ['clickid', 'click_id', 'subid'],
  template: 'clickid={click_id}&action=conversion&price={amount}&currency={currency}',
  where: [
    'For a system that reports conversions to RichAds: put our address in place of theirs and keep its parameters.',
  ],
});
