import { dialect } from './dialect.ts';

/** Admitad, as shops report to it: uid is the admitad_uid its link brought (support.mitgo.com, integration by postback request). */
export const admitad = dialect({
  id: 'admitad',
  title: 'Admitad',
  names: {
    clickId: ['uid', 'admitad_uid'],
    txid: ['order_id'],
    event: ['action_code', 'payment_type'],
    amount: ['price'],
    currency: ['currency_code'],
  },
  signs: {
    hosts: [/(?:^|\.)admitad\.com$/],
    params: ['tariff_code'],
    hints: ['campaign_code', 'action_code', 'postback_key'],
  },
  clickParams: ['admitad_uid'],
  template:
    'uid={admitad_uid}&order_id={order_id}&price={price}&currency_code={currency_code}&action_code={action_code}',
  where: ['Let the shop call this beside its postback request to Admitad; uid carries our click_id.'],
});
