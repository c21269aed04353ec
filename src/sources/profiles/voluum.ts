import { dialect } from './dialect.ts';

/** Voluum: a txid is unique within its click only; `et` sorts conversions into types (doc.voluum.com, postback parameters). */
export const voluum = dialect({
  id: 'voluum',
  title: 'Voluum',
  names: {
    clickId: ['cid'],
    txid: ['txid'],
    event: ['et'],
    status: ['status'],
    amount: ['payout'],
    currency: ['currency'],
  },
  signs: {
    hosts: [/(?:^|\.)voluum(?:tr(?:k|ax)\w*)?\.com$/i, /^your_voluum_domain\.com$/i],
    hints: ['et', 'cid', 'txid'],
  },
  clickParams: ['externalid', 'cid'],
  scopeWithoutTxid: 'click-event',
  template: 'cid={externalid}&payout={payout}&txid={transaction.id}&currency=USD&et=purchase',
  where: [
    'In Voluum open Traffic sources, choose the source that carries our click id as its external id, and paste this as the postback URL.',
    'Set its external id to click_id, so that Voluum keeps the id our redirect gave.',
  ],
});
