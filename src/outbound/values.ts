import { decimalFromMicros } from '../core/money.ts';
import type { OutboundConversion } from './conversion.ts';
import type { TemplateDestination } from './destination.ts';
import type { Forward } from './forward.ts';
import type { MacroValues } from './template.ts';

const MAX_DATE_MS = 8.64e15;

/** Whole seconds since the epoch, UTC. */
export function unixSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** ISO 8601 in UTC with milliseconds; null for an instant that no calendar has. */
export function isoTime(ms: number): string | null {
  return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : null;
}

/** What each macro of a template stands for. Names of a click's parameters and of network ids are lower case. */
export function macroValues(
  destination: TemplateDestination,
  conversion: OutboundConversion,
  forward: Forward,
): MacroValues {
  const { person, clickedAtMs } = conversion;
  const amount = forward.amountMicros === null ? null : decimalFromMicros(forward.amountMicros);
  const words = destination.statusWords;
  const values = new Map<string, string | null>([
    ['click_id', conversion.clickId],
    ['event', forward.event],
    ['status', words[forward.status] ?? forward.status],
    ['amount', amount],
    // A currency without an amount would be read as one for the receiver's own default amount.
    ['currency', amount === null ? null : conversion.currency],
    ['txid', forward.idempotencyValue],
    ['sender_txid', conversion.txid],
    ['event_time', String(unixSeconds(conversion.atMs))],
    ['event_time_ms', String(conversion.atMs)],
    ['event_time_iso', isoTime(conversion.atMs)],
    ['click_time', clickedAtMs === null ? null : String(unixSeconds(clickedAtMs))],
    ['click_time_ms', clickedAtMs === null ? null : String(clickedAtMs)],
    ['ip', person.ip],
    ['user_agent', person.userAgent],
    ['page_url', conversion.pageUrl],
  ]);
  for (const [name, value] of conversion.networkIds) values.set(`network.${name}`, value);
  for (const [name, value] of conversion.clickParams) values.set(`click.${name}`, value);
  for (const [name, value] of Object.entries(destination.secrets)) values.set(`secret.${name}`, value);
  return values;
}
