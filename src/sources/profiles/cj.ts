import { dialect } from './dialect.ts';

/** CJ: cjevent is the click, oid the order; cid is the advertiser's own number (developers.cj.com, server-to-server integration). */
export const cj = dialect({
  id: 'cj',
  title: 'CJ Affiliate',
  aliases: ['commissionjunction'],
  names: {
    clickId: ['cjevent'],
    txid: ['oid', 'orderid', 'order_id'],
    amount: ['amount', 'commissionamount', 'saleamount'],
    eventTime: ['eventtime', 'event_time'],
  },
  ignored: ['cid', 'sid'],
  signs: {
    hosts: [/(?:^|\.)(?:emjcd|cj|anrdoezrs|jdoqocy|tkqlhce|dpbolvw|kqzyfj)\.(?:com|net)$/],
    params: ['cjevent'],
  },
  clickParams: ['cjevent'],
  template: 'cjevent={click_id}&oid={order_id}&amount={amount}&currency={currency}&event=purchase',
  where: [
    'For a shop that reports conversions to CJ: put our address in place of theirs and keep its parameters.',
  ],
});
