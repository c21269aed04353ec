/** Instants as the clock of a zone shows them, with the zone's short name: "2026-11-10 12:21 EST". */
export function clockOf(timeZone: string): (ms: number) => string {
  // Swedish dates are ISO dates.
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const zone = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' });
  return (ms) =>
    `${day.format(ms)} ${zone.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? timeZone}`;
}
