/**
 * Money is an integer count of micros (millionths of the currency's major unit) beside an ISO 4217 code.
 * 2^53 micros is nine billion units, so a `number` holds every amount exactly and survives JSON.
 */
export type Micros = number & { readonly __unit: 'micros' };

export const MICROS_PER_UNIT = 1_000_000;

/** An amount outside ±2^53 micros, or not an integer. */
export class MoneyRangeError extends Error {
  readonly code = 'money_range';
}

/** Brands an integer as micros. @throws MoneyRangeError when it is not a safe integer. */
export function micros(value: number): Micros {
  if (!Number.isSafeInteger(value)) throw new MoneyRangeError(`not an exact amount in micros: ${value}`);
  return (value === 0 ? 0 : value) as Micros;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/;

/**
 * Reads a plain decimal text in major units ("12.50") exactly.
 *
 * @param text digits with an optional sign and decimal point; no separators, no exponent.
 * @returns micros, digits beyond the sixth decimal cut off toward zero; undefined when the text is not such a number.
 */
export function microsFromDecimal(text: string): Micros | undefined {
  const match = DECIMAL.exec(text.trim());
  if (!match) return undefined;
  const sign = (match[1] ?? match[4]) === '-' ? -1 : 1;
  const whole = match[2] ?? '0';
  const fraction = (match[3] ?? match[5] ?? '').slice(0, 6).padEnd(6, '0');
  const value = Number(BigInt(whole) * 1_000_000n + BigInt(fraction));
  return Number.isSafeInteger(value) ? micros(sign * value) : undefined;
}

/** Micros as an exact decimal text in major units, without trailing zeros: 1200000 → "1.2". */
export function decimalFromMicros(amount: Micros): string {
  const sign = amount < 0 ? '-' : '';
  const magnitude = Math.abs(amount);
  const fraction = String(magnitude % MICROS_PER_UNIT)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const whole = String(Math.floor(magnitude / MICROS_PER_UNIT));
  return fraction ? `${sign}${whole}.${fraction}` : `${sign}${whole}`;
}

/** Micros as a double in major units, for conditions and statistics only; facts and actions stay in micros. */
export function majorUnits(amount: Micros): number {
  return amount / MICROS_PER_UNIT;
}

/** For people: "$1,204.50", "¥120", "CHF 3.20". Rounds to the currency's usual digits. */
export function formatMoney(amount: Micros, currency: string): string {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(amount / MICROS_PER_UNIT);
}
