const WHOLE_UNITS = new Set(['CLP', 'COP', 'CRC', 'HUF', 'IDR', 'ISK', 'JPY', 'KRW', 'PYG', 'TWD', 'VND']);

/** Micros in one of the network's minor units: a cent for most currencies, a whole unit for eleven. */
export function minorMicros(currency: string): number {
  return WHOLE_UNITS.has(currency) ? 1_000_000 : 10_000;
}

/** Spend as reports spell it: decimal text in major units. */
export function majorText(spendMicros: number, currency: string): string {
  return (spendMicros / 1_000_000).toFixed(WHOLE_UNITS.has(currency) ? 0 : 2);
}
