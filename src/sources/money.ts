import type { Micros } from '../core/money.ts';
import { micros as toMicros } from '../core/money.ts';
import { lookUp } from './look-up.ts';
import type { Fields } from './pick-fields.ts';
import type { SourceProfile } from './profile.ts';
import { readAmount, readCurrency } from './values.ts';

export interface MoneyReading {
  /** Null when no amount was sent, or one in points, which are no money. */
  readonly micros: Micros | null;
  /** As sent; null when none was. */
  readonly currency: string | null;
  readonly problem: 'amount_unparsed' | 'unknown_currency' | null;
}

/**
 * Amount and currency of a postback. A currency of its own parameter comes before one that stands in the amount.
 *
 * @param warnings what was odd is added: `ambiguous_amount:…`, `unknown_currency:…`, `points:…`, `unsure_unit:…`.
 */
export function readMoney(fields: Fields, profile: SourceProfile, warnings: string[]): MoneyReading {
  const given = fields.amount?.value;
  // Binom's word for "what the offer pays": no amount was sent.
  const none = given === undefined || given.toLowerCase() === 'auto';
  const amount = none ? null : readAmount(given, profile.commaThousands);
  if (amount === undefined) return { micros: null, currency: null, problem: 'amount_unparsed' };
  if (amount !== null && profile.unsureAmounts.includes(fields.amount?.name ?? ''))
    warnings.push(`unsure_unit:${fields.amount?.name}`);
  if (amount?.ambiguous) warnings.push(`ambiguous_amount:${fields.amount?.name}`);
  const micros = amount?.micros ?? null;
  if (fields.currency === undefined) return { micros, currency: amount?.currency ?? null, problem: null };
  const sent = readCurrency(fields.currency.value);
  if (sent !== null) return { micros, currency: sent, problem: null };
  const pseudo = lookUp(profile.pseudoCurrencies, fields.currency.value.toLowerCase());
  if (pseudo?.currency === null) {
    warnings.push(`points:${fields.currency.name}`);
    return { micros: null, currency: null, problem: null };
  }
  if (pseudo !== undefined) {
    const whole = micros === null ? null : toMicros(Math.round(micros / pseudo.perUnit));
    return { micros: whole, currency: pseudo.currency, problem: null };
  }
  if (micros !== null && micros !== 0) return { micros, currency: null, problem: 'unknown_currency' };
  warnings.push(`unknown_currency:${fields.currency.name}`);
  return { micros, currency: amount?.currency ?? null, problem: null };
}
