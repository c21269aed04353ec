import { estimatedSpend, readConversionsNow, readEstimatedSpend } from '../estimated-spend.ts';
import { counted, moneyText, windowText } from './phrases.ts';
import { type Statistic, windowOf } from './statistic.ts';
import { isMissing } from './value.ts';

/** Up to this minute instead of the network's newest report: for stop-losses, never part of a proof. */
export const ESTIMATED: ReadonlyMap<string, Statistic> = new Map<string, Statistic>([
  [
    'spend',
    {
      parts: ['window'],
      event: 'none',
      type: 'double',
      unit: 'money',
      asks: 'estimate',
      plain: true,
      example: 'est.spend("today")',
      read: (call, { full }) => readEstimatedSpend(windowOf(call), full),
      said(call, value, { full, account }) {
        const window = windowOf(call);
        const found = estimatedSpend(window, full);
        const unreported = isMissing(found) ? 0 : found.unreported;
        const known =
          unreported > 0 ? ` (${moneyText(unreported, account.currency)} of it not reported yet)` : '';
        return `est. ${moneyText(Number(value), account.currency)} spent ${windowText(window)}${known}`;
      },
      name: (call) => `est. spend ${windowText(windowOf(call))}`,
    },
  ],
  [
    'conversions',
    {
      parts: ['window'],
      event: 'one',
      type: 'double',
      unit: 'count',
      asks: 'estimate',
      plain: true,
      example: 'est.conversions("today")',
      read: (call, { full }) => readConversionsNow(call.event, windowOf(call), full),
      said: (call, value) =>
        `${counted(Number(value), call.event ?? 'conversion')} ${windowText(windowOf(call))} up to now`,
      name: (call) => `${call.event ?? 'conversion'}s ${windowText(windowOf(call))} up to now`,
    },
  ],
]);
