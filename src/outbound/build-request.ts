import type { OutboundConversion } from './conversion.ts';
import { type Destination, type OutboundRequest, type Skipped, skipped } from './destination.ts';
import { type Forward, planForward } from './forward.ts';
import { joinVia } from '../sources/via.ts';
import { googleRequest } from './google.ts';
import { type GuardRules, checkUrl } from './guard.ts';
import type { HttpParts } from './http-parts.ts';
import { withMark } from './loop-mark.ts';
import { metaRequest } from './meta.ts';
import { microsoftRequest } from './microsoft.ts';
import { templateRequest } from './template-request.ts';
import { tiktokRequest } from './tiktok.ts';

/**
 * The request that tells a destination of a conversion as it stands, or why none is sent. Pure: the same conversion in
 * the same stage gives the same request. Before it is sent, the addresses its host resolves to go through
 * `checkAddresses`; redirects are not followed, or they would lead around that check.
 *
 * @param context.nowMs workspace time.
 * @param context.mark this installation's, for knowing the request should it come back.
 */
export function buildRequest(
  destination: Destination,
  conversion: OutboundConversion,
  context: { readonly nowMs: number; readonly guard: GuardRules; readonly mark: string },
): OutboundRequest | Skipped {
  const forward = planForward(destination, conversion);
  if (forward.kind === 'skipped') return forward;
  const parts = requestParts(destination, knownBy(destination, conversion), forward, context.nowMs);
  if ('kind' in parts) return parts;
  const allowed = checkUrl(parts.url, context.guard);
  if (!allowed.ok) return skipped('refused_address', `${allowed.message} ${allowed.next}`);
  return {
    kind: 'request',
    ...withMark(destination, parts, joinVia(conversion.via.join(','), context.mark) ?? ''),
    forwardKey: forward.forwardKey,
    idempotencyValue: forward.idempotencyValue,
  };
}

/** A person's id is their e-mail address where the operator says so: the hash of the one is that of the other. */
function knownBy(destination: Destination, conversion: OutboundConversion): OutboundConversion {
  if (!('userIds' in destination) || destination.userIds !== 'email') return conversion;
  const { person } = conversion;
  const emailSha256 = person.emailSha256 ?? person.externalIdSha256;
  return { ...conversion, person: { ...person, emailSha256 } };
}

function requestParts(
  destination: Destination,
  conversion: OutboundConversion,
  forward: Forward,
  nowMs: number,
): HttpParts | Skipped {
  switch (destination.kind) {
    case 'template':
      return templateRequest(destination, conversion, forward);
    case 'meta':
      return metaRequest(destination, conversion, forward, nowMs);
    case 'tiktok':
      return tiktokRequest(destination, conversion, forward, nowMs);
    case 'google':
      return googleRequest(destination, conversion, forward);
    case 'microsoft':
      return microsoftRequest(destination, conversion, forward);
  }
}
