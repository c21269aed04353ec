import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Keitaro and the trackers that send as it does: a missing status is a sale, a tid numbers the stages of one click. */
export const keitaro = dialect({
  id: 'keitaro',
  title: 'Keitaro',
  names: {
    clickId: ['subid', 'sub_id', 'click_id', 'clickid', 'external_id', 'externalid'],
    txid: ['tid', 'txid', 'transaction_id'],
    event: ['event', 'goal'],
    status: ['status'],
    amount: ['payout', 'revenue', 'amount', 'sum', 'profit'],
    eventTime: ['event_time', 'timestamp', 'conversion_time', 'sale_time'],
  },
  exact: ['txid', 'event'],
  weakClickNames: [],
  signs: {
    paths: [/^\/[0-9a-f]{6,8}\/postback$/],
    params: ['lead_status', 'sale_status', 'rejected_status'],
    hints: ['sub_id_1'],
  },
  clickParams: ['subid', 'sub_id', 'external_id'],
  statuses: { ...GENERIC_STATUSES, trash: 'rejected', reject: 'rejected' },
  statusLists: {
    lead_status: 'pending',
    sale_status: 'approved',
    rejected_status: 'rejected',
    rebill_status: 'approved',
    ignore_status: 'ignore',
  },
  defaultStatus: 'approved',
  unmappedStatus: 'pending',
  scopeWithoutTxid: 'click-event',
  answers: 'always-200',
  answerParam: 'return',
  template:
    'subid={external_id}&payout={revenue}&currency={currency}&status={status}&tid={tid}&event=purchase',
  where: [
    'In Keitaro open Traffic sources, choose the source that carries our click_id as its external id, and paste this into "S2S postback URL".',
    "In the source's parameters set external_id to the parameter click_id, so that Keitaro keeps the id our redirect gave.",
    'Choose the statuses to send: lead, sale, rejected, rebill (each is understood).',
  ],
});
