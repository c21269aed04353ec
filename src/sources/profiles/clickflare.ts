import { dialect } from './dialect.ts';

/** ClickFlare: click_id (before: cid), payout, txid, ct (help.clickflare.io, conversion tracking). */
export const clickflare = dialect({
  id: 'clickflare',
  title: 'ClickFlare',
  names: { clickId: ['click_id', 'cid'], txid: ['txid'], event: ['ct'], amount: ['payout'] },
  signs: { hosts: [/clickflare/], paths: [/^\/cf\/(?:cv|postback)$/], hints: ['ct'] },
  clickParams: ['click_id', 'external_id'],
  scopeWithoutTxid: 'click-event',
  template: 'click_id={external_id}&payout={payout}&txid={transaction_id}&ct={conversion_type}',
  where: [
    'In ClickFlare open Traffic sources and paste this as the postback URL; its external id is our click_id.',
  ],
});
