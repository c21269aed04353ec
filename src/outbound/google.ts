import { majorUnits } from '../core/money.ts';
import type { OutboundConversion } from './conversion.ts';
import { type GoogleDestination, type Skipped, skipped } from './destination.ts';
import type { Forward } from './forward.ts';
import { type HttpParts, jsonPost } from './http-parts.ts';
import { isoTime } from './values.ts';

/** One id per conversion, the most exact first. */
const CLICK_IDS = ['gclid', 'gbraid', 'wbraid'] as const;

/**
 * One event of Google's Data Manager API (`POST /v1/events:ingest`). The older upload of click conversions is closed to
 * those who did not use it before 15 June 2026 (Google Ads developer blog, 7 January 2026), so it is not offered. Google
 * answers at once with a request id; whether the event was taken is asked for later with that id. A repeat is recognised
 * by its transaction id. What the person said about their data goes along.
 */
export function googleRequest(
  destination: GoogleDestination,
  conversion: OutboundConversion,
  forward: Forward,
): HttpParts | Skipped {
  const token = destination.secrets['access_token'] ?? '';
  if (token === '') return skipped('missing_secret', `${destination.name} has no access_token.`);
  const eventTimestamp = isoTime(conversion.atMs);
  if (eventTimestamp === null)
    return skipped('missing_value', 'The conversion has no time that can be written.');
  const { person, consent } = conversion;
  const name = CLICK_IDS.find((one) => (conversion.networkIds.get(one) ?? '') !== '');
  const users = [
    ...(person.emailSha256 === null ? [] : [{ emailAddress: person.emailSha256 }]),
    ...(person.phone === null ? [] : [{ phoneNumber: person.phone.plusSha256 }]),
  ];
  if (name === undefined && users.length === 0)
    return skipped('missing_value', 'Nothing says who converted: no gclid, gbraid or wbraid, and no hash.');
  const { amountMicros } = forward;
  const account = (accountId: string): object => ({ accountType: 'GOOGLE_ADS', accountId });
  return jsonPost(
    `${destination.baseUrl}/v1/events:ingest`,
    { authorization: `Bearer ${token}` },
    {
      destinations: [
        {
          reference: 'd1',
          operatingAccount: account(destination.accountId),
          loginAccount: destination.loginAccountId === null ? null : account(destination.loginAccountId),
          productDestinationId: forward.event,
        },
      ],
      events: [
        {
          destinationReferences: ['d1'],
          transactionId: forward.idempotencyValue,
          eventTimestamp,
          adIdentifiers: name === undefined ? null : { [name]: conversion.networkIds.get(name) },
          conversionValue: amountMicros === null ? null : majorUnits(amountMicros),
          currency: amountMicros === null ? null : conversion.currency,
          eventSource: destination.eventSource,
          userData: users.length === 0 ? null : { userIdentifiers: users },
        },
      ],
      consent: { adUserData: flag(consent.adUserData), adPersonalization: flag(consent.adPersonalization) },
      encoding: 'HEX',
      validateOnly: false,
    },
  );
}

function flag(agreed: boolean | null): 'CONSENT_GRANTED' | 'CONSENT_DENIED' | null {
  return agreed === null ? null : agreed ? 'CONSENT_GRANTED' : 'CONSENT_DENIED';
}
