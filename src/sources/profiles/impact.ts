import { dialect } from './dialect.ts';
import { GENERIC_STATUSES } from './generic.ts';

/** Impact: PascalCase macros; it calls again at each change of status, with the change beside the new total (help.impact.com, event notifications). */
export const impact = dialect({
  id: 'impact',
  title: 'Impact',
  names: {
    clickId: ['clickid', 'click_id', 'subid1', 'irclickid'],
    txid: ['actionid', 'action_id', 'oid', 'order_id'],
    event: ['actiontrackername', 'eventtypename', 'event'],
    status: ['actionstatus', 'status', 'state'],
    amount: ['payout', 'amount'],
    eventTime: ['eventdate', 'creationdate', 'event_date'],
  },
  signs: {
    hosts: [/(?:^|\.)(?:impact\.com|impactradius\.com|sjv\.io|pxf\.io)$/],
    params: ['actionid', 'actionstatus', 'deltapayout', 'deltaamount', 'irclickid', 'irgwc'],
    hints: ['subid1'],
  },
  clickParams: ['irclickid', 'subid1'],
  statuses: { ...GENERIC_STATUSES, locked: 'approved', modified: 'approved' },
  scopeWithoutTxid: 'click-event',
  answers: 'always-200',
  template:
    'click_id={SubId1}&action_id={ActionId}&payout={Payout}&currency={Currency}&status={Status}&event_date={EventDate}',
  where: [
    'In Impact open Settings, then Event notifications, and paste this; macros are case-sensitive.',
    'Put our click_id into subId1 of the tracking address, percent-encoded: Impact does not encode it.',
  ],
});
