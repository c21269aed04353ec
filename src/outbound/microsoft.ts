import { majorUnits } from '../core/money.ts';
import type { OutboundConversion } from './conversion.ts';
import { type MicrosoftDestination, type Skipped, skipped } from './destination.ts';
import type { Forward } from './forward.ts';
import { type HttpParts, jsonPost } from './http-parts.ts';
import { isoTime } from './values.ts';

/**
 * One offline conversion for Microsoft Advertising, by "ApplyOfflineConversions" (Campaign Management, version 13). It
 * knows no transaction id: a repeat is the same click id with the same time, so the time is the conversion's own and
 * never that of sending. The event's name at the destination is that of an offline conversion goal, which must be two
 * hours old.
 */
export function microsoftRequest(
  destination: MicrosoftDestination,
  conversion: OutboundConversion,
  forward: Forward,
): HttpParts | Skipped {
  const { access_token: token = '', developer_token: developer = '' } = destination.secrets;
  if (token === '' || developer === '')
    return skipped('missing_secret', `${destination.name} needs access_token and developer_token.`);
  const time = isoTime(conversion.atMs);
  const clickId = conversion.networkIds.get('msclkid') ?? '';
  // "N" is what Microsoft writes where it has no id.
  if (clickId === '' || clickId === 'N' || time === null)
    return skipped('missing_value', 'Microsoft takes conversions by msclkid, and this click has none.');
  const { amountMicros } = forward;
  return jsonPost(
    `${destination.baseUrl}/CampaignManagement/v13/OfflineConversions/Apply`,
    {
      authorization: `Bearer ${token}`,
      developertoken: developer,
      customerid: destination.customerId,
      customeraccountid: destination.accountId,
    },
    {
      OfflineConversions: [
        {
          MicrosoftClickId: clickId,
          ConversionName: forward.event,
          ConversionTime: time,
          ConversionValue: amountMicros === null ? null : majorUnits(amountMicros),
          ConversionCurrencyCode: amountMicros === null ? null : conversion.currency,
        },
      ],
    },
  );
}
