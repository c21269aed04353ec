import { dialect } from './dialect.ts';

/** ExoClick: tag holds {conversions_tracking}, goal is 32 hex digits; a repeat within 24 h is refused (docs.exoclick.com, conversion tracking). */
export const exoclick = dialect({
  id: 'exoclick',
  title: 'ExoClick',
  names: { clickId: ['tag', 'conversions_tracking'], event: ['goal'], amount: ['value', 'price'] },
  signs: { hosts: [/(?:^|\.)(?:exoclick|exosrv|exdynsrv)\.com$/], paths: [/^\/tag\.php$/], hints: ['tag'] },
  clickParams: ['conversions_tracking', 'tag'],
  template: 'tag={click_id}&goal=purchase&value={amount}&txid={order_id}',
  where: [
    'For a system that reports conversions to ExoClick: put our address in place of theirs and keep its parameters.',
  ],
});
