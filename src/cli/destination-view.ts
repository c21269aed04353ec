import type { DestinationRow } from '../db/forwarding/destinations.ts';
import type { Destination } from '../outbound/destination.ts';
import { settingNames } from '../outbound/destination-settings.ts';

/** A destination as data: never a secret, only the names of those it has. */
export function destinationView(row: DestinationRow) {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    workspace: row.workspace_id,
    enabled: row.enabled,
    settings: row.settings,
    secrets: row.secret_names,
    createdAt: row.created_at.toISOString(),
    restsUntil: row.rest_until?.toISOString() ?? null,
  };
}

/** One line of a list. */
export function destinationLine(row: DestinationRow): string {
  return `${row.id}: ${row.name} (${row.kind}, workspace ${row.workspace_id}${row.enabled ? '' : ', switched off'})`;
}

/** What goes there, in sentences. */
export function destinationWords(destination: Destination): readonly string[] {
  return [
    `Told of: ${stagesWords(destination)}, ${eventsWords(destination)}, of ${destination.sources === null ? 'every source' : destination.sources.join(', ')}.`,
    destination.consent === 'required'
      ? 'Only where the person agreed that data about them goes to ad networks.'
      : 'Not where the person refused that data about them goes to ad networks.',
    ...settingNames(destination.kind).flatMap((name) => {
      const value: unknown = Object.entries(destination).find(([key]) => key === name)?.[1];
      return isEmpty(value) ? [] : [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`];
    }),
  ];
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

function stagesWords(destination: Destination): string {
  if (destination.kind !== 'template' || destination.stages === 'approved')
    return 'approved conversions, once each';
  return destination.stages === 'every'
    ? 'each change of a conversion with its amount'
    : 'each change of a conversion, with amount 0 unless it is approved';
}

function eventsWords({ events }: Destination): string {
  if (events === null) return 'every event under its own name';
  return Object.entries(events)
    .map(([ours, theirs]) => (ours === theirs ? ours : `${ours} as ${theirs}`))
    .join(', ');
}
