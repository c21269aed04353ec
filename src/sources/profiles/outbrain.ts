import { dialect } from './dialect.ts';

/** Outbrain: ob_click_id, name in exact case, times as US text or ISO. */
export const outbrain = dialect({
  id: 'outbrain',
  title: 'Outbrain',
  names: {
    clickId: ['ob_click_id', 'dicbo'],
    txid: ['orderid'],
    event: ['name'],
    amount: ['ordervalue'],
    currency: ['currency'],
    eventTime: ['timestamp'],
  },
  signs: {
    hosts: [/(?:^|\.)outbrain\.com$/],
    paths: [/\/unifiedpixel$/i],
    params: ['ob_click_id', 'dicbo'],
    hints: ['ordervalue'],
  },
  clickParams: ['ob_click_id', 'dicbo'],
  dateOrder: 'mdy',
  template: 'ob_click_id={click_id}&name=purchase&ordervalue={amount}&currency={currency}&orderid={order_id}',
  where: [
    'For a system that reports conversions to Outbrain: put our address in place of theirs and keep its parameters.',
  ],
});
