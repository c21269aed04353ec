import { dialect } from './dialect.ts';

/** Singular partner postbacks and internal BI. {cl?Network} gives back the network's click id, {CLID} is Singular's own. */
export const singular = dialect({
  id: 'singular',
  title: 'Singular',
  names: {
    clickId: ['cl_id', 'cl', 'click_id', 'clickid'],
    event: ['event', 'evtname', 'event_name'],
    amount: ['amount', 'revenue'],
    eventTime: ['utc', 'utcm', 'event_utc_timestamp', 'timestamp', 'time'],
    clickTime: ['click_utc', 'click_time'],
    installTime: ['install_utc', 'install_time'],
    deviceId: ['aifa', 'idfa', 'idfv', 'android_id'],
    viewThrough: ['is_viewthrough'],
    reEngagement: ['is_re_eng'],
    campaign: ['pcid'],
  },
  exact: ['txid', 'status'],
  signs: {
    hosts: [/(?:^|\.)sng\.link$/, /(?:^|\.)singular\.net$/],
    params: ['is_re_eng', 'evtname'],
    hints: ['event_utc_timestamp', 'pcid', 'pscn', 'longname'],
  },
  clickParams: ['cl'],
  defaultEvent: 'install',
  scopeWithoutTxid: 'occurrence',
  answers: 'always-200',
  attributesBySender: true,
  template:
    'cl_id={cl?Bidloop}&event={EVTNAME}&amount={AMOUNT}&currency={CURRENCY}&utc={UTC}&click_utc={CLICK_UTC}&install_utc={INSTALL_UTC}&aifa={AIFA}&idfa={IDFA}&is_re_eng={IS_RE_ENG}&is_viewthrough={IS_VIEWTHROUGH}',
  where: [
    'As a partner: give this as the postback of installs and events; {cl?…} names the partner as Singular spells it.',
    'As an advertiser: in Singular open Internal BI postbacks and paste the address without its query.',
  ],
});
