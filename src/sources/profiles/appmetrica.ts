import { dialect } from './dialect.ts';

/** AppMetrica: {transaction_id} identifies the event; any parameter of the tracking address comes back by its name. */
export const appmetrica = dialect({
  id: 'appmetrica',
  title: 'AppMetrica',
  names: {
    clickId: ['click_id', 'clickid'],
    txid: ['transaction_id'],
    event: ['event_name', 'event'],
    amount: ['event_revenue', 'revenue'],
    eventTime: [
      'event_timestamp',
      'event_datetime',
      'conversion_timestamp',
      'conversion_datetime',
      'datetime',
    ],
    clickTime: ['click_timestamp', 'click_datetime', 'click_time'],
    installTime: ['install_timestamp', 'install_datetime', 'install_time'],
    deviceId: ['google_aid', 'ios_ifa', 'oaid', 'appmetrica_device_id'],
  },
  signs: {
    hosts: [/appmetrica\.yandex\.(?:com|ru)$/, /(?:^|\.)appmetrica\.[a-z]+$/],
    params: ['appmetrica_device_id'],
    hints: ['google_aid'],
  },
  clickParams: ['click_id'],
  defaultEvent: 'install',
  answers: 'always-200',
  template:
    'click_id={click_id}&transaction_id={transaction_id}&event_name={event_name}&google_aid={google_aid}&ios_ifa={ios_ifa}',
  where: [
    'In AppMetrica open the tracker, then Postbacks, and paste this; up to five are allowed.',
    'Put click_id=… on the tracking address: it comes back by its own name. Events stop six months after the install.',
  ],
});
