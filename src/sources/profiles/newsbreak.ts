import { dialect } from './dialect.ts';

/** NewsBreak: its macro __CALLBACK_PARAM__ comes back as callback, the value as nb_value (business.newsbreak.com, postback tracking). */
export const newsbreak = dialect({
  id: 'newsbreak',
  title: 'NewsBreak',
  names: { clickId: ['callback', 'click_id'], event: ['event_type'], amount: ['nb_value', 'value'] },
  signs: { hosts: [/(?:^|\.)newsbreak\.com$/], paths: [/\/tracking\/attribute$/], params: ['nb_value'] },
  clickParams: ['nb_cid', 'ref_id', 'click_id'],
  template: 'callback={click_id}&event_type=complete_payment&nb_value={amount}&currency={currency}',
  where: [
    'For a system that reports conversions to NewsBreak: put our address in place of theirs and keep its parameters.',
  ],
});
