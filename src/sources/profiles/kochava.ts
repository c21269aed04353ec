import { dialect } from './dialect.ts';

/** Kochava: templates of the partner's own; an install is the event "_install". */
export const kochava = dialect({
  id: 'kochava',
  title: 'Kochava',
  names: {
    clickId: ['click_id', 'clickid'],
    event: ['event_name', 'event'],
    amount: ['event_value', 'value', 'revenue'],
    deviceId: ['device_id', 'adid', 'idfa', 'android_id'],
    site: ['site_id'],
    network: ['network_id'],
  },
  exact: ['txid', 'status'],
  signs: { hosts: [/(?:^|\.)kochava\.com$/], params: ['kochava_device_id'] },
  clickParams: ['click_id'],
  defaultEvent: 'install',
  scopeWithoutTxid: 'occurrence',
  eventOf: (values) =>
    values.get('event_name')?.toLowerCase() === '_install'
      ? { event: 'install', eventType: 'install' }
      : null,
  template:
    'click_id={click_id}&event_name={event_name}&device_id={device_id}&site_id={site_id}&value={event_value}',
  where: [
    'In Kochava open Partner Configuration, choose the partner, and paste this as the postback of installs and of each event.',
    'The name of an install is "_install".',
  ],
});
