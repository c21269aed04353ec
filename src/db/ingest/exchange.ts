import { type Micros, micros } from '../../core/money.ts';
import type { Db } from '../connection.ts';
import type { Ground } from './accounts.ts';

export interface Converted {
  /** In the account's currency; null when there is no amount, or no rate yet. */
  readonly valueMicros: Micros | null;
  readonly rate: number | null;
}

/** Converts an amount as of a date: the newest rate of that day or before. */
export type Convert = (
  amountMicros: number | null,
  currency: string | null,
  accountCurrency: string,
  day: string,
) => Converted;

/** Reads the rates between the sent currencies and the accounts' currencies once. */
export async function loadConvert(trx: Db, ground: Ground, sent: Iterable<string | null>): Promise<Convert> {
  const quotes = new Set([...ground.accounts.values()].map((account) => account.currency));
  const bases = [...new Set(sent)].filter((code) => code !== null);
  const foreign = bases.filter((base) => [...quotes].some((quote) => quote !== base));
  const rows =
    foreign.length === 0
      ? []
      : await trx
          .selectFrom('exchange_rate')
          .selectAll()
          .where('base', 'in', foreign)
          .where('quote', 'in', [...quotes])
          .orderBy('day')
          .execute();
  const rates = new Map<string, { day: string; rate: number }[]>();
  for (const { base, quote, day, rate } of rows) {
    const list = rates.get(`${base} ${quote}`);
    if (list) list.push({ day, rate });
    else rates.set(`${base} ${quote}`, [{ day, rate }]);
  }
  return (amountMicros, currency, accountCurrency, day) => {
    if (amountMicros === null) return { valueMicros: null, rate: null };
    // An amount without a currency is in the account's own.
    if (currency === null || currency === accountCurrency)
      return { valueMicros: micros(amountMicros), rate: null };
    const rate = rates.get(`${currency} ${accountCurrency}`)?.findLast((entry) => entry.day <= day)?.rate;
    if (rate === undefined) return { valueMicros: null, rate: null };
    return { valueMicros: micros(Math.round(amountMicros * rate)), rate };
  };
}
