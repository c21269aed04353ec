import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Shopify's order webhooks: ids beyond 2^53, the money as text, the click in the page the visit began at (shopify.dev, Order resource). */
export const shopify = dialect({
  id: 'shopify',
  title: 'Shopify order webhook',
  names: {
    txid: ['id', 'order_id', 'order_number'],
    status: ['financial_status'],
    amount: ['total_price', 'current_total_price', 'subtotal_price'],
    currency: ['currency', 'presentment_currency'],
    eventTime: ['processed_at', 'created_at'],
    userId: ['customer.id', 'email', 'contact_email'],
    visitorIp: ['browser_ip', 'client_details.browser_ip'],
    country: ['billing_address.country_code', 'shipping_address.country_code'],
  },
  // Of an order the name is its number on the bill.
  exact: ['event', 'status'],
  ignored: ['name', 'test'],
  signs: {
    hosts: [/(?:^|\.)myshopify\.com$/],
    params: ['total_price', 'landing_site'],
    hints: ['financial_status'],
  },
  statuses: {
    ...GENERIC_STATUSES,
    authorized: 'pending',
    partially_refunded: 'approved',
    voided: 'reversed',
  },
  defaultEvent: 'purchase',
  scopeWithoutTxid: 'click-event-amount',
  template: 'click_id={click_id}&id={order_id}&total_price={amount}&currency={currency}',
  where: ['In Shopify open Settings, Notifications, Webhooks: "Order payment", JSON, and this address.'],
});
