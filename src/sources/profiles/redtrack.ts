import { dialect } from './dialect.ts';

/** RedTrack: `type` names a conversion type, in its own spelling and case (help.redtrack.io, event types). */
export const redtrack = dialect({
  id: 'redtrack',
  title: 'RedTrack',
  names: {
    clickId: ['clickid', 'ref_id'],
    txid: ['rdtk_event_id'],
    event: ['type'],
    status: ['status'],
    amount: ['sum', 'payout'],
  },
  signs: {
    hosts: [/(?:^|\.)(?:redtrack\.io|rdtk\.io|ttrk\.io)$/],
    params: ['rdtk_event_id'],
    hints: ['type', 'sum'],
  },
  clickParams: ['clickid', 'ref_id'],
  scopeWithoutTxid: 'click-event',
  template: 'clickid={ref_id}&sum={payout}&type={type}&rdtk_event_id={event_id}',
  where: [
    'In RedTrack open Traffic channels, choose the channel and paste this as its S2S postback URL.',
    'Set its ref_id parameter to click_id.',
  ],
});
