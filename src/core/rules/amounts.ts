import { type Micros, microsFromDecimal } from '../money.ts';
import type { MoneyText } from './document.ts';

/** A reading that failed, as a sentence and the cure. */
export interface Unreadable {
  readonly problem: string;
  readonly hint?: string;
}

/** How much a lever moves: by a share of its value or by a sum. */
export type Amount =
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'sum'; readonly micros: Micros };

const MONEY = /^(\d+(?:\.\d+)?|\.\d+)(?:\s*([A-Za-z]{3}))?$/;
const PERCENT = /^([+-]?\d+(?:\.\d+)?)\s*%$/;
const DURATION = /^(\d+(?:\.\d+)?)\s*(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads "30 USD", "30" or 30.
 *
 * @param currency the account's; undefined when the strategy is checked without one, which accepts any.
 * @returns micros, or why not: another currency than the account's is refused, never converted by the way.
 */
export function readMoney(value: MoneyText, currency: string | undefined): Micros | Unreadable {
  const match = MONEY.exec(String(value).trim());
  const amount = match?.[1] === undefined ? undefined : microsFromDecimal(match[1]);
  if (amount === undefined) {
    return { problem: `"${value}" is not an amount of money`, hint: `write "30 ${currency ?? 'USD'}" or 30` };
  }
  const named = match?.[2]?.toUpperCase();
  if (named !== undefined && currency !== undefined && named !== currency) {
    return {
      problem: `"${value}" is in ${named}, the account is in ${currency}`,
      hint: `write the amount in ${currency}; amounts in a rule are never converted`,
    };
  }
  return amount;
}

/** The currency a money text names, in capitals; undefined when it names none or is no money. */
export function namedCurrency(value: unknown): string | undefined {
  return typeof value === 'string' ? MONEY.exec(value.trim())?.[2]?.toUpperCase() : undefined;
}

/** Reads "10 %" as 0.1. */
export function readPercent(text: string): number | Unreadable {
  const match = PERCENT.exec(text.trim());
  if (match?.[1] === undefined) return { problem: `"${text}" is not a percentage`, hint: 'write "10 %"' };
  return Number(match[1]) / 100;
}

/** Reads "10 %" or "0.05 USD". */
export function readAmount(value: MoneyText, currency: string | undefined): Amount | Unreadable {
  if (typeof value === 'string' && value.includes('%')) {
    const share = readPercent(value);
    return typeof share === 'number' ? { kind: 'share', share } : share;
  }
  const sum = readMoney(value, currency);
  return typeof sum === 'number'
    ? { kind: 'sum', micros: sum }
    : { ...sum, hint: `${sum.hint ?? ''}, or a percentage as "10 %"` };
}

/** Reads "30m", "24h" or "7d" as milliseconds; a day is 24 hours here. */
export function readDuration(text: string): number | Unreadable {
  const match = DURATION.exec(text.trim());
  const unit = UNIT_MS[match?.[2] ?? ''];
  if (match?.[1] === undefined || unit === undefined)
    return { problem: `"${text}" is not a length of time`, hint: 'write "30m", "24h" or "7d"' };
  const ms = Number(match[1]) * unit;
  return ms > 0 ? ms : { problem: `"${text}" is no time at all`, hint: 'write a length above 0, as "24h"' };
}
