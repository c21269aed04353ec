import { isPlaceholder } from '../macros.ts';
import type { Params } from '../params.ts';
import { pickFields } from '../pick-fields.ts';
import type { SourceProfile } from '../profile.ts';
import { fieldsOf } from '../profiles/dialect.ts';
import { appleFields } from './apple-facts.ts';
import type { SaidFields } from './said.ts';

/**
 * What an inbound postback said, each field in the sender's own words, picked exactly as ingest picks it.
 *
 * @param warnings what could not be taken is added.
 */
export function saidInPostback(params: Params, profile: SourceProfile, warnings: string[]): SaidFields {
  const apple = appleFields(params);
  if (apple !== null) return apple;
  const said: SaidFields = {};
  const fields = pickFields(params, profile, warnings);
  for (const field of fieldsOf(profile)) {
    const found = fields[field];
    if (found !== undefined) said[field] = { ...found, place: 'parameter' };
  }
  const named = profile.eventOf?.(params.values) ?? null;
  if (said.event === undefined && named !== null && !isPlaceholder(named.event) && named.event !== 'unnamed')
    said.event = { name: 'several parameters', value: named.event, place: 'parameter' };
  return said;
}
