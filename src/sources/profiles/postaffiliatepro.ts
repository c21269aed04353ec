import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Post Affiliate Pro: visitorId says whose visit, TotalCost, OrderID and ActionCode what came of it (support.qualityunit.com/038895, sale tracking request). */
export const postaffiliatepro = dialect({
  id: 'postaffiliatepro',
  title: 'Post Affiliate Pro',
  aliases: ['pap', 'affilmaster'],
  names: {
    clickId: ['visitorid', 'papvisitorid'],
    txid: ['orderid'],
    event: ['actioncode', 'action'],
    amount: ['totalcost', 'amount'],
  },
  signs: {
    hosts: [/(?:^|\.)postaffiliatepro\.com$/],
    paths: [/\/scripts\/(?:sale|track|click|s2s)(?:\.php)?$/],
    params: ['papvisitorid'],
    hints: ['totalcost', 'accountid', 'actioncode'],
  },
  clickParams: ['papvisitorid', 'visitorid'],
  statuses: { ...GENERIC_STATUSES, a: 'approved', p: 'pending', d: 'rejected' },
  template: 'visitorid={click_id}&orderid={order_id}&totalcost={amount}&actioncode={event}',
  where: [
    'Let whoever called sale.php of Post Affiliate Pro call this instead; visitorId carries our click_id.',
  ],
});
