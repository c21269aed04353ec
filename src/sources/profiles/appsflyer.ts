import { lookUp } from '../look-up.ts';
import { isPlaceholder } from '../macros.ts';
import type { EventType } from '../profile.ts';
import { dialect } from './dialect.ts';
import { DEVICE_ID_NAMES } from './common-names.ts';

const REPEATED_INSTALLS: Readonly<Record<string, EventType>> = {
  reinstall: 'reinstall',
  're-attribution': 're-attribution',
  're-engagement': 're-engagement',
  install: 'install',
  uninstall: 'uninstall',
};

const EVENT_NAMES = ['mapped-iae', 'event_name', 'event-name', 'event', 'goal_id'] as const;

/**
 * What happened is said by conversion_type, campaign_type and event_name together: an event named purchase with
 * conversion_type=install is a purchase by someone who had installed, not an install.
 */
export function appsflyerEvent(
  values: ReadonlyMap<string, string>,
): { readonly event: string; readonly eventType: EventType } | null {
  const names = EVENT_NAMES.map((one) => values.get(one) ?? '').filter((value) => value !== '');
  const name = names.find((value) => !isPlaceholder(value)) ?? '';
  // A misspelt macro must not turn every event into an install.
  if (name === '' && names.length > 0) return { event: 'unnamed', eventType: 'event' };
  const conversionType = (values.get('conversion_type') ?? '').toLowerCase();
  const older = (values.get('retargeting_conversion_type') ?? '').toLowerCase();
  const lower = name.toLowerCase();
  if (lower === '' || lower === 'install') {
    if (conversionType === 'reinstall' && values.get('campaign_type')?.toLowerCase() === 'retargeting') {
      return { event: 're-attribution', eventType: 're-attribution' };
    }
    const said = lookUp(REPEATED_INSTALLS, conversionType) ?? lookUp(REPEATED_INSTALLS, older);
    if (said !== undefined) return { event: said, eventType: said };
    return { event: 'install', eventType: 'install' };
  }
  return { event: name, eventType: lookUp(REPEATED_INSTALLS, lower) ?? 'event' };
}

/** AppsFlyer partner postbacks and Push API messages: rejected ones come to the same address, marked is_rejected=1. */
export const appsflyer = dialect({
  id: 'appsflyer',
  title: 'AppsFlyer',
  names: {
    clickId: ['clickid', 'click_id', 'af_click_id', 'transaction_id', 'gclid', 'fbclid', 'ttclid'],
    event: EVENT_NAMES,
    amount: ['event_revenue', 'revenue', 'monetary', 'orig-monetary', 'amount'],
    currency: ['event_revenue_currency', 'currency'],
    eventTime: [
      'event_time',
      'event_timestamp',
      'event-unix-ts',
      'timestamp',
      'conversion_event_datetime',
      'install_time',
      'install_unix_ts',
      'install-unix-ts',
    ],
    installTime: ['install_time', 'install_unix_ts', 'install-unix-ts'],
    clickTime: ['attributed_touch_time', 'click_time', 'click-ts', 'click_ts'],
    installBegin: ['gp_install_begin'],
    deviceId: ['appsflyer_id', 'appsflyer_device_id', ...DEVICE_ID_NAMES, 'advertiserid'],
    rejected: ['is_rejected'],
    rejectReason: ['reject_reason', 'rejected_reason', 'blocked_reason'],
    campaign: ['af_c_id', 'campaign_id'],
    adset: ['af_adset_id', 'adset_id'],
    ad: ['af_ad_id', 'ad_id'],
    network: ['media_source', 'pid'],
  },
  exact: ['txid', 'event', 'status'],
  weakClickNames: [],
  signs: {
    hosts: [/(?:^|\.)appsflyer(?:sdk)?\.com$/, /\.onelink\.me$/],
    params: ['mapped-iae', 'appsflyer_id', 'af_siteid', 'af_c_id'],
    hints: ['media_source', 'attributed_touch_type'],
  },
  clickParams: ['clickid'],
  defaultEvent: 'install',
  scopeWithoutTxid: 'occurrence',
  answers: 'always-200',
  attributesBySender: true,
  eventOf: appsflyerEvent,
  template:
    'clickid=(clickid)&event_name=(event_name)&event_revenue=(event_revenue)&event_revenue_currency=(event_revenue_currency)&event_time=(event_time)&appsflyer_id=(appsflyer_id)&advertising_id=(advertising_id)&idfa=(idfa)&campaign_id=(campaign_id)&adset_id=(adset_id)&ad_id=(ad_id)&media_source=(media_source)&is_rejected=(is_rejected)',
  where: [
    'As a partner: give this as the postback URL of install, in-app event, re-engagement and rejected postbacks (macros stand in round brackets).',
    'As an advertiser: in AppsFlyer open Settings, then API access, then Push API, and paste the address without its query; AppsFlyer sends its own fields.',
    'Choose the messages: install, reinstall, re-engagement, re-attribution and their in-app events.',
  ],
});
