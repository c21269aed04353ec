import { lookUp } from '../look-up.ts';
import { isPlaceholder } from '../macros.ts';
import type { EventType } from '../profile.ts';
import { dialect } from './dialect.ts';

const NAMES = ['event_token', 'event', 'event_name'] as const;

const KINDS: Readonly<Record<string, EventType>> = {
  install: 'install',
  reinstall: 'reinstall',
  reattribution: 're-attribution',
  reattribution_reinstall: 're-attribution',
  uninstall: 'uninstall',
};

/**
 * Adjust says in activity_kind what happened; "event" is told apart by its token, which unlike the name never changes.
 * Rejected installs and reattributions come to the same address (help.adjust.com, "Rejected install callbacks").
 */
export function adjustEvent(
  values: ReadonlyMap<string, string>,
): { readonly event: string; readonly eventType: EventType } | null {
  const kind = (values.get('activity_kind') ?? '').toLowerCase().replaceAll(/[ -]/g, '_');
  if (kind === '' || isPlaceholder(kind)) return null;
  const plain = kind.replace(/^rejected_/, '');
  if (plain !== 'event') return { event: plain, eventType: lookUp(KINDS, plain) ?? 'event' };
  const name = NAMES.map((one) => values.get(one) ?? '').find((one) => one !== '' && !isPlaceholder(one));
  return { event: name ?? 'event', eventType: 'event' };
}

/** Adjust callbacks: GET, unix seconds; a placeholder without a value makes its parameter vanish. */
export const adjust = dialect({
  id: 'adjust',
  title: 'Adjust',
  names: {
    event: [...NAMES, 'activity_kind'],
    amount: ['reporting_revenue', 'revenue_float', 'revenue_usd', 'revenue'],
    currency: ['reporting_currency', 'currency'],
    eventTime: ['created_at', 'event_time', 'timestamp', 'time', 'installed_at'],
    installTime: ['installed_at'],
    clickTime: ['click_time', 'engagement_time'],
    deviceId: ['adid', 'gps_adid', 'idfa', 'idfv', 'oaid', 'android_id'],
    rejectReason: ['rejection_reason'],
    network: ['tracker_name', 'network_name'],
  },
  exact: ['amount', 'event', 'status'],
  ignored: ['event_id', 'tracker'],
  // {revenue} is counted in another unit than {revenue_float}; which one fills this name is the template's choice.
  unsureAmounts: ['revenue'],
  signs: {
    hosts: [/(?:^|\.)adjust\.(?:com|io)$/, /\.adj\.st$/],
    params: ['activity_kind', 'conversion_duration'],
    hints: ['gps_adid', 'tracker_name', 'event_token'],
  },
  clickParams: ['click_id', 'clickid'],
  defaultEvent: 'install',
  scopeWithoutTxid: 'occurrence',
  answers: 'always-200',
  eventOf: adjustEvent,
  attributesBySender: true,
  template:
    'click_id={click_id}&activity_kind={activity_kind}&event_token={event}&event_name={event_name}&created_at={created_at}&installed_at={installed_at}&click_time={click_time}&reporting_revenue={reporting_revenue}&reporting_currency={reporting_currency}&adid={adid}&gps_adid={gps_adid}&idfa={idfa}&rejection_reason={rejection_reason}&tracker_name={tracker_name}',
  where: [
    'In Adjust open the app, then "Raw data export", "Real-time callbacks", and paste this for installs, events, reattributions and the rejected ones.',
    'Put click_id=… with our click id on the Adjust link: any parameter of a click comes back by its own name.',
    'Use https and a host name: Adjust calls no bare addresses and follows no redirect.',
  ],
});
