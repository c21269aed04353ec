import { majorUnits } from '../core/money.ts';
import type { OutboundConversion } from './conversion.ts';
import { type MetaDestination, type Skipped, skipped } from './destination.ts';
import type { Forward } from './forward.ts';
import { type HttpParts, jsonPost, urlText } from './http-parts.ts';
import { unixSeconds } from './values.ts';

const DAY_MS = 86_400_000;
/** Meta for Developers, "Conversions API: parameters": an older event fails its whole request. */
const MAX_AGE_MS = 7 * DAY_MS;

/**
 * One event of Meta's Conversions API (`POST /{pixel}/events`), by "Conversions API: parameters" and "fbp and fbc
 * parameters". Meta drops a repeat of the same event name and event id within 48 hours. Hashes go out as hashes; address,
 * user agent and click id are never hashed.
 */
export function metaRequest(
  destination: MetaDestination,
  conversion: OutboundConversion,
  forward: Forward,
  nowMs: number,
): HttpParts | Skipped {
  const token = destination.secrets['access_token'] ?? '';
  if (token === '') return skipped('missing_secret', `${destination.name} has no access_token.`);
  if (nowMs - conversion.atMs > MAX_AGE_MS)
    return skipped('too_old', 'Meta refuses events that are more than 7 days old.');
  const { person } = conversion;
  const website = destination.actionSource === 'website';
  if (website && (conversion.pageUrl === null || person.userAgent === null))
    return skipped('missing_value', 'An event of a website needs the page address and the user agent.');
  const fbc = clickValue(conversion);
  const known = [fbc, person.emailSha256, person.phone, person.externalIdSha256];
  if (known.every((value) => value === null) && (person.ip === null || person.userAgent === null))
    return skipped(
      'missing_value',
      'Nothing says who converted: no fbclid, no hash, no address with user agent.',
    );
  if (forward.event === 'Purchase' && (forward.amountMicros === null || conversion.currency === null))
    return skipped('missing_value', 'Meta refuses a Purchase without value and currency.');
  const { amountMicros } = forward;
  const event = {
    event_name: forward.event,
    event_time: unixSeconds(conversion.atMs),
    event_id: forward.idempotencyValue,
    action_source: destination.actionSource,
    event_source_url: conversion.pageUrl,
    user_data: {
      em: list(person.emailSha256),
      ph: list(person.phone?.digitsSha256 ?? null),
      external_id: list(person.externalIdSha256),
      fbc,
      fbp: conversion.networkIds.get('_fbp') ?? null,
      client_ip_address: person.ip,
      client_user_agent: person.userAgent,
    },
    custom_data: {
      value: amountMicros === null ? null : majorUnits(amountMicros),
      currency: amountMicros === null ? null : conversion.currency,
      order_id: conversion.txid,
    },
  };
  const path = `${urlText(destination.apiVersion)}/${urlText(destination.pixelId)}/events`;
  return jsonPost(
    `${destination.baseUrl}/${path}?access_token=${urlText(token)}`,
    {},
    { data: [event], test_event_code: destination.testEventCode },
  );
}

/**
 * `_fbc` as the browser holds it, byte for byte, or `fb.1.<ms of the click>.<fbclid>` made from the id in the address.
 * The second part counts the labels of the cookie's domain; 1 is what Meta gives for a server that sets no cookie.
 */
function clickValue(conversion: OutboundConversion): string | null {
  const cookie = conversion.networkIds.get('_fbc') ?? '';
  if (cookie !== '') return cookie;
  const fbclid = conversion.networkIds.get('fbclid') ?? '';
  return fbclid === '' ? null : `fb.1.${conversion.clickedAtMs ?? conversion.atMs}.${fbclid}`;
}

function list(hash: string | null): readonly string[] | null {
  return hash === null ? null : [hash];
}
