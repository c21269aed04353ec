import { dialect } from './dialect.ts';

/** Airbridge: dotted macros such as {attributionResult.attributedClickID}; a name may also be sent dotted as it is. */
export const airbridge = dialect({
  id: 'airbridge',
  title: 'Airbridge',
  names: {
    clickId: ['attributionresult.attributedclickid', 'click_id', 'clickid'],
    txid: ['eventdata.goal.semanticattributes.transactionid', 'transactionid', 'transaction_id'],
    event: ['eventname', 'event_name', 'event', 'eventcategory', 'eventdata.goal.category'],
    amount: ['eventdata.goal.value', 'eventvalue', 'value'],
    currency: ['eventdata.goal.semanticattributes.currency', 'currency'],
    eventTime: ['eventtimestamp', 'eventdatetime', 'event_timestamp', 'event_datetime'],
  },
  exact: ['status'],
  signs: {
    hosts: [/(?:^|\.)(?:airbridge\.io|abr\.ge)$/],
    hints: ['eventtimestamp', 'eventdatetime'],
  },
  clickParams: ['click_id'],
  defaultEvent: 'install',
  template:
    'click_id={attributionResult.attributedClickID}&eventtimestamp={eventTimestamp}&transactionid={eventData.goal.semanticAttributes.transactionID}&event=install',
  where: [
    'In Airbridge open the integration of the ad channel and paste this as its postback; dots in macros are kept.',
  ],
});
