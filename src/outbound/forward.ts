import { hash } from 'node:crypto';
import type { ConversionStatus } from '../core/conversion.ts';
import { type Micros, micros } from '../core/money.ts';
import type { OutboundConversion } from './conversion.ts';
import { type Destination, type Skipped, skipped } from './destination.ts';

/** What a destination is told about one stage of a conversion. */
export interface Forward {
  readonly kind: 'forward';
  /** In the destination's words. */
  readonly event: string;
  readonly status: ConversionStatus;
  readonly amountMicros: Micros | null;
  readonly forwardKey: string;
  /** What a receiver recognises a repeat by: the same for every stage of one conversion. */
  readonly idempotencyValue: string;
}

/**
 * Whether a conversion, as it stands now, goes to a destination, and as what. The destination's own limits (age, a
 * missing click id) come later, when its request is built.
 */
export function planForward(destination: Destination, conversion: OutboundConversion): Forward | Skipped {
  if (destination.sources !== null && !destination.sources.includes(conversion.sourceId))
    return skipped('other_source', `${destination.name} takes other sources only.`);
  const event = mappedEvent(destination, conversion.event);
  if (event === undefined)
    return skipped(
      'event_not_mapped',
      `${destination.name} has no name for the event "${conversion.event}".`,
    );
  // A test conversion must count nowhere, and elsewhere nobody knows that it is one.
  if (conversion.excluded === 'test')
    return skipped('test_conversion', 'A test conversion is not forwarded.');
  if (conversion.excluded !== null)
    return skipped('excluded', `It is set aside here (${conversion.excluded}) and goes to nobody.`);
  if (conversion.cameFromUs)
    return skipped(
      'came_from_us',
      'A postback of our own brought the news back: told again, it would run in a circle.',
    );
  const refusal = consentRefusal(destination, conversion);
  if (refusal !== null) return skipped('no_consent', refusal);
  const { status } = conversion;
  if (destination.kind !== 'template' && (status === 'rejected' || status === 'reversed')) {
    return skipped(
      'cannot_take_back',
      `${destination.name} takes no conversion back: if this one was sent while it was approved, it stays counted there.`,
    );
  }
  if (onlyApproved(destination) && status !== 'approved')
    return skipped(
      'stage_not_forwarded',
      `${destination.name} takes approved conversions only; this one is ${status}.`,
    );
  const unpaid = destination.stages === 'zero-until-approved' && status !== 'approved';
  const amountMicros = unpaid ? micros(0) : conversion.amountMicros;
  return {
    kind: 'forward',
    event,
    status,
    amountMicros,
    forwardKey: forwardKey(destination, conversion.id, status, amountMicros, conversion.currency),
    idempotencyValue: (destination.repeatsBy === 'txid' ? conversion.txid : null) ?? conversion.id,
  };
}

/**
 * The networks' own interfaces know one conversion under one id: a pending one would count at once, and its approval
 * would be dropped as a repeat.
 */
function onlyApproved(destination: Destination): boolean {
  return destination.kind !== 'template' || destination.stages === 'approved';
}

function mappedEvent(destination: Destination, event: string): string | undefined {
  if (destination.events === null) return event;
  return Object.hasOwn(destination.events, event) ? destination.events[event] : undefined;
}

/** Networks that take a flag for personalised ads are told it; the others get nothing about who refused them. */
function consentRefusal(destination: Destination, { consent }: OutboundConversion): string | null {
  if (consent.adUserData === false)
    return 'The person did not agree that data about them goes to ad networks.';
  if (destination.consent === 'required' && consent.adUserData !== true)
    return `${destination.name} is set to send only with consent, and none is on record.`;
  const personal =
    destination.kind === 'meta' || destination.kind === 'tiktok' || destination.kind === 'microsoft';
  if (!personal) return null;
  if (consent.adPersonalization === false)
    return `The person refused personalised ads, and ${destination.name} cannot be told so.`;
  if (destination.consent === 'required' && consent.adPersonalization !== true)
    return `${destination.name} is set to send only with consent, and none to personalised ads is on record.`;
  return null;
}

/** Where only the approved stage goes out, a changed amount is not sent again: the receiver counted it. */
function forwardKey(
  destination: Destination,
  conversionId: string,
  status: ConversionStatus,
  amountMicros: Micros | null,
  currency: string | null,
): string {
  const stage = onlyApproved(destination) ? '' : `${status}\0${amountMicros ?? ''}\0${currency ?? ''}`;
  return hash('sha256', `${destination.id}\0${conversionId}\0${stage}`).slice(0, 32);
}
