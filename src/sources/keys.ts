import { hash } from 'node:crypto';
import type { Micros } from '../core/money.ts';
import type { Params } from './params.ts';
import type { EventType, ScopeWithoutTxid, Status } from './profile.ts';

/** What identifies a message and a conversion. */
export interface KeyFacts {
  readonly sourceId: string;
  readonly clickId: string | null;
  readonly deviceId: string | null;
  readonly event: string;
  readonly eventType: EventType;
  readonly txid: string | null;
  readonly status: Status | null;
  readonly amountMicros: Micros | null;
  readonly currency: string | null;
  readonly eventAtMs: number | null;
  readonly params: Params;
}

/** NUL parts fields safely: no stored text holds it. 128 bits are beyond chance at any volume. */
function digest(parts: string): Buffer {
  return hash('sha256', parts, 'buffer').subarray(0, 16);
}

/**
 * The key of a *message*: the same one means "we have this already". With a transaction id the fields that can change
 * are part of it, so that a new status is a new message; without one, everything that was said is.
 */
export function messageKey(facts: KeyFacts): Buffer {
  if (facts.txid === null) return digest(`r\0${facts.sourceId}\0${canonicalParams(facts.params)}`);
  return digest(
    `m\0${facts.sourceId}\0${facts.clickId ?? `\0${facts.deviceId ?? ''}`}\0${facts.event}\0${facts.txid}\0${facts.status ?? ''}\0${facts.amountMicros ?? ''}\0${facts.currency ?? ''}`,
  );
}

/** Sorted, so that a sender's retry with parameters in another order is the same; the key it showed is no part of it. */
function canonicalParams(params: Params): string {
  const pairs: string[] = [];
  for (const [name, value] of params.values) if (name !== 'key') pairs.push(`${name}\0${value}`);
  return pairs.toSorted().join('\0');
}

/**
 * The key of a *conversion*: messages that share it are reports about one and the same.
 *
 * @returns null when each message is its own.
 */
export function conversionKey(facts: KeyFacts, scope: ScopeWithoutTxid): Buffer | null {
  const who = facts.clickId ?? `\0${facts.deviceId ?? ''}`;
  // A transaction id is unique within its click and event only: trackers number the stages of each click 1, 2, 3.
  if (facts.txid !== null) return digest(`t\0${who}\0${facts.event}\0${facts.txid}`);
  // Neither click nor device: nothing says that two such messages are about the same person.
  if (facts.clickId === null && facts.deviceId === null) return null;
  switch (scope) {
    case 'each':
      return null;
    case 'click-event':
      return digest(`c\0${who}\0${facts.event}`);
    case 'click-event-amount': {
      const amount =
        facts.amountMicros === null || facts.amountMicros === 0
          ? ''
          : `${Math.abs(facts.amountMicros)} ${facts.currency}`;
      return digest(`a\0${who}\0${facts.event}\0${amount}`);
    }
    case 'occurrence':
      return occurrenceKey(facts);
  }
}

/** MMP events carry no id; an install happens once per device, other events once per instant and value. */
function occurrenceKey(facts: KeyFacts): Buffer {
  const app = facts.params.values.get('app_id') ?? '';
  const who = facts.deviceId ?? `\0${facts.clickId ?? ''}`;
  if (facts.eventType === 'install') return digest(`i\0${app}\0${who}`);
  const value = facts.params.values.get('event_value') ?? '';
  return digest(
    `o\0${app}\0${who}\0${facts.event}\0${facts.eventAtMs ?? ''}\0${facts.amountMicros ?? ''}\0${facts.currency ?? ''}\0${value}`,
  );
}

/** Who works on this message: the same click or device always has the same slot of 64. FNV-1a. */
export function slotOf(clickId: string | null, deviceId: string | null, postbackId: string): number {
  const text = clickId ?? deviceId ?? postbackId;
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 8) & 63;
}
