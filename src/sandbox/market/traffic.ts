/** Share of a day's traffic by local hour: nine times as much at 14:00 as at 02:00. */
const HOURS: readonly number[] = Array.from(
  { length: 24 },
  (_, hour) => (1 + 0.8 * Math.cos((2 * Math.PI * (hour - 14)) / 24)) / 24,
);

/** Sunday first, relative to an average day. */
const WEEKDAYS: readonly number[] = [0.84, 1.03, 1.12, 1.06, 1.03, 0.98, 0.94];

/** Share of an average day's traffic that falls into one hour. */
export function trafficShare(localHour: number, weekday: number): number {
  return (HOURS[localHour % 24] ?? 0) * (WEEKDAYS[weekday % 7] ?? 1);
}
