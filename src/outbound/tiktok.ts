import { majorUnits } from '../core/money.ts';
import type { OutboundConversion } from './conversion.ts';
import { type Skipped, type TikTokDestination, skipped } from './destination.ts';
import type { Forward } from './forward.ts';
import { type HttpParts, jsonPost } from './http-parts.ts';
import { unixSeconds } from './values.ts';

const DAY_MS = 86_400_000;
/** TikTok's longest click window: an older event can no longer be attributed. */
const MAX_AGE_MS = 28 * DAY_MS;

/**
 * One event of TikTok's Events API 2.0 (`POST /open_api/v1.3/event/track/`). TikTok recognises a repeat by event source,
 * event and event id. `ttclid`, address and user agent go as they are, everything else about the person as a hash.
 */
export function tiktokRequest(
  destination: TikTokDestination,
  conversion: OutboundConversion,
  forward: Forward,
  nowMs: number,
): HttpParts | Skipped {
  const token = destination.secrets['access_token'] ?? '';
  if (token === '') return skipped('missing_secret', `${destination.name} has no access_token.`);
  if (nowMs - conversion.atMs > MAX_AGE_MS)
    return skipped('too_old', 'TikTok refuses events that are more than 28 days old.');
  if (destination.eventSource === 'web' && conversion.pageUrl === null)
    return skipped('missing_value', 'A web event needs the address of the page.');
  const { person } = conversion;
  const ttclid = conversion.networkIds.get('ttclid') ?? null;
  const known = [ttclid, person.emailSha256, person.phone, person.externalIdSha256];
  if (known.every((value) => value === null) && (person.ip === null || person.userAgent === null))
    return skipped(
      'missing_value',
      'Nothing says who converted: no ttclid, no hash, no address with user agent.',
    );
  const { amountMicros } = forward;
  const event = {
    event: forward.event,
    event_time: unixSeconds(conversion.atMs),
    event_id: forward.idempotencyValue,
    user: {
      ttclid,
      ttp: conversion.networkIds.get('_ttp') ?? null,
      email: person.emailSha256,
      phone: person.phone?.plusSha256 ?? null,
      external_id: person.externalIdSha256 === null ? null : [person.externalIdSha256],
      ip: person.ip,
      user_agent: person.userAgent,
    },
    properties: {
      currency: amountMicros === null ? null : conversion.currency,
      value: amountMicros === null ? null : majorUnits(amountMicros),
      order_id: conversion.txid,
    },
    page: conversion.pageUrl === null ? null : { url: conversion.pageUrl },
  };
  return jsonPost(
    `${destination.baseUrl}/open_api/v1.3/event/track/`,
    { 'access-token': token },
    {
      event_source: destination.eventSource,
      event_source_id: destination.eventSourceId,
      test_event_code: destination.testEventCode,
      data: [event],
    },
  );
}
