import { lookUp } from './look-up.ts';
import { type Micros, microsFromDecimal } from '../core/money.ts';

export interface AmountReading {
  readonly micros: Micros;
  /** A currency written into the amount itself: "12.5USD". */
  readonly currency: string | null;
  /** One comma before exactly three digits: read as a decimal point, which the sender may not have meant. */
  readonly ambiguous: boolean;
}

const SYMBOLS: Readonly<Record<string, string | null>> = {
  $: null,
  '€': 'EUR',
  '£': 'GBP',
  '¥': null,
  '₽': 'RUB',
  '₹': 'INR',
  '₩': 'KRW',
};
const SHAPE =
  /^([+-]?)\s*([A-Za-z]{3}|[$€£¥₽₹₩])?\s*([+-]?)([\d.,' \u00a0\u202f]*\d[\d.,' \u00a0\u202f]*?)(?:e([+-]?\d{1,2}))?\s*([A-Za-z]{3}|[$€£¥₽₹₩])?$/i;

/**
 * Reads an amount as senders write it: `12`, `12.50`, `12,50`, `1 234.50`, `1.234,50`, `$12.5`, `12.5USD`, `-3`, `1e2`.
 * With two kinds of separator the last one is the decimal point.
 *
 * @param text the value as received, decoded.
 * @param commaThousands the sender writes `1,234` for a thousand; else one comma is a decimal point.
 * @returns exact micros in major units × 10^6; undefined for NaN, Infinity, hex, empty, and beyond ±2^53 micros.
 */
export function readAmount(text: string, commaThousands = false): AmountReading | undefined {
  if (/^-?\d{1,9}(?:\.\d{1,6})?$/.test(text)) return plain(text);
  const match = SHAPE.exec(text.trim());
  if (!match) return undefined;
  const [, sign = '', before = '', innerSign = '', body = '', exponent, after = ''] = match;
  if (sign !== '' && innerSign !== '') return undefined;
  if (before !== '' && after !== '') return undefined;
  const digits = body.replaceAll(/[' \u00a0\u202f]/g, '');
  const shape = decimalShape(digits, commaThousands);
  if (shape === undefined) return undefined;
  const shifted = exponent === undefined ? shape.decimal : shiftDecimal(shape.decimal, Number(exponent));
  const value = microsFromDecimal(`${sign || innerSign}${shifted}`);
  if (value === undefined) return undefined;
  const unit = before || after;
  return {
    micros: value,
    currency: lookUp(SYMBOLS, unit) ?? readCurrency(unit),
    ambiguous: shape.ambiguous,
  };
}

function plain(text: string): AmountReading | undefined {
  const value = microsFromDecimal(text);
  return value === undefined ? undefined : { micros: value, currency: null, ambiguous: false };
}

function decimalShape(
  digits: string,
  commaThousands: boolean,
): { decimal: string; ambiguous: boolean } | undefined {
  const commas = digits.split(',').length - 1;
  const dots = digits.split('.').length - 1;
  if (commas > 0 && dots > 0) {
    const point = digits.lastIndexOf(',') > digits.lastIndexOf('.') ? ',' : '.';
    const other = point === ',' ? '.' : ',';
    if (digits.split(point).length > 2) return undefined;
    return { decimal: digits.replaceAll(other, '').replace(point, '.'), ambiguous: false };
  }
  if (commas > 1) return { decimal: digits.replaceAll(',', ''), ambiguous: false };
  if (dots > 1) return { decimal: digits.replaceAll('.', ''), ambiguous: false };
  if (commas === 1) {
    const three = /,\d{3}$/.test(digits);
    if (three && commaThousands) return { decimal: digits.replace(',', ''), ambiguous: false };
    return { decimal: digits.replace(',', '.'), ambiguous: three };
  }
  return { decimal: digits, ambiguous: false };
}

/** Moves the decimal point of a plain decimal; exact, unlike Number(). */
function shiftDecimal(decimal: string, places: number): string {
  const [whole = '', fraction = ''] = decimal.split('.');
  if (places >= 0) {
    const padded = fraction.padEnd(places, '0');
    return `${whole}${padded.slice(0, places)}.${padded.slice(places)}0`;
  }
  const padded = whole.padStart(-places, '0');
  return `0${padded.slice(0, padded.length + places)}.${padded.slice(padded.length + places)}${fraction}`;
}

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** A three-letter code of any case as ISO 4217 spells it; null when it is none. */
export function readCurrency(text: string): string | null {
  if (text.length !== 3) return null;
  const code = text.toUpperCase();
  return CURRENCIES.has(code) ? code : null;
}
