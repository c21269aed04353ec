import { dialect } from './dialect.ts';

/** Tenjin: GET with double braces; the event stands in the path or in a name of the partner's choice. */
export const tenjin = dialect({
  id: 'tenjin',
  title: 'Tenjin',
  names: {
    clickId: ['click_id', 'clickid'],
    event: ['event', 'event_name'],
    deviceId: ['advertising_id', 'device_id', 'idfa'],
  },
  exact: ['status'],
  signs: { hosts: [/(?:^|\.)tenjin\.(?:io|com)$/], paths: [/^\/v0\/click\//] },
  clickParams: ['click_id'],
  defaultEvent: 'install',
  scopeWithoutTxid: 'occurrence',
  template:
    'click_id={{click_id}}&event=install&advertising_id={{advertising_id}}&campaign_id={{campaign_id}}&site_id={{site_id}}',
  where: ['In Tenjin open the channel, then Callbacks, and paste this; its macros stand in double braces.'],
});
