import { dialect } from './dialect.ts';

/** MediaGo: trackingid, conversiontype, conversionprice; adid is the ad's own number (cdn.mediago.io, S2S conversion postback). */
export const mediago = dialect({
  id: 'mediago',
  title: 'MediaGo',
  names: { clickId: ['trackingid'], event: ['conversiontype'], amount: ['conversionprice'], ad: ['adid'] },
  signs: {
    hosts: [/(?:^|\.)mediago\.io$/],
    hints: ['trackingid', 'conversiontype', 'conversionprice'],
  },
  clickParams: ['tracking_id', 'trackingid', 'click_id'],
  template: 'trackingid={click_id}&conversiontype=1&conversionprice={amount}&txid={order_id}',
  where: [
    'For a system that reports conversions to MediaGo: put our address in place of theirs and keep its parameters.',
  ],
});
