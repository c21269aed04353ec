import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Binom 1 (`/click.php`) and 2 (`/click`): a conversion is a request with a status or a payout; `payout=auto` means the offer's own value. */
export const binom = dialect({
  id: 'binom',
  title: 'Binom',
  names: {
    clickId: ['cnv_id', 'clickid'],
    status: ['cnv_status', 'cnv_status2'],
    amount: ['payout'],
    currency: ['cnv_currency'],
  },
  signs: {
    hosts: [/binom/],
    paths: [/^\/click(?:\.php)?$/],
    params: ['cnv_id', 'cnv_status', 'cnv_currency', 'to_offer'],
  },
  clickParams: ['clickid', 'cnv_id', 'externalid'],
  statuses: { ...GENERIC_STATUSES, sales: 'approved' },
  scopeWithoutTxid: 'click-event',
  template: 'cnv_id={externalid}&payout={payout}&cnv_status={status}&cnv_currency={currency}',
  where: [
    'In Binom open Traffic sources and paste this as the S2S postback; its external id is our click_id.',
  ],
});
