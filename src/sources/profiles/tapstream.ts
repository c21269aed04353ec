import { dialect } from './dialect.ts';

/** Tapstream (historic): GET, unix seconds, macros as TS{a.b}. */
export const tapstream = dialect({
  id: 'tapstream',
  title: 'Tapstream',
  names: { clickId: ['click_id'], event: ['event'], eventTime: ['time'] },
  signs: { hosts: [/(?:^|\.)(?:tapstream\.com|taps\.io)$/], params: ['wifi_mac'] },
  clickParams: ['click_id'],
  defaultEvent: 'install',
  scopeWithoutTxid: 'occurrence',
  template: 'click_id=TS{click_id}&event=install&time=TS{time}&idfa=TS{idfa}',
  where: ['Paste this as the postback of an install; TS{…} takes up what the click carried.'],
});
