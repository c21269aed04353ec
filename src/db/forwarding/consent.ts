import { sql } from 'kysely';
import { timestampArray, uuidArray } from '../binary-arrays.ts';
import type { Db } from '../connection.ts';
import { withinDaysOf } from '../days.ts';

/** A message about a conversion, by the id and instant that its row is found by. */
export interface MessageOf {
  readonly conversionId: string;
  readonly postbackId: string;
  readonly receivedAtMs: number;
}

/**
 * Keeps what messages say about consent with their conversions, where it outlives the raw postback. A refusal stands: no
 * later message lifts it.
 */
export async function keepConsent(trx: Db, messages: readonly MessageOf[]): Promise<void> {
  if (messages.length === 0) return;
  const instants = messages.map((m) => m.receivedAtMs);
  await sql`
    insert into conversion_consent (conversion_id, ad_user_data, ad_personalization)
    select k.conversion_id, bool_and(p.consent_user_data), bool_and(p.consent_personalization)
    from unnest(${uuidArray(messages.map((m) => m.conversionId))}::uuid[],
      ${uuidArray(messages.map((m) => m.postbackId))}::uuid[], ${timestampArray(instants)}::timestamptz[])
      as k (conversion_id, postback_id, at)
    cross join lateral (
      select consent_user_data, consent_personalization from postback
      where id = k.postback_id and received_at = k.at and ${withinDaysOf(sql`received_at`, instants)}
      limit 1
    ) p
    where p.consent_user_data is not null or p.consent_personalization is not null
    group by k.conversion_id
    order by k.conversion_id
    on conflict (conversion_id) do update set
      ad_user_data = least(conversion_consent.ad_user_data, excluded.ad_user_data),
      ad_personalization = least(conversion_consent.ad_personalization, excluded.ad_personalization)`.execute(
    trx,
  );
}
