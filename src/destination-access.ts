import { z } from 'zod';
import { type DestinationRow, destinationSecretsContext } from './db/forwarding/destinations.ts';
import { OperatorError } from './errors.ts';
import type { Destination } from './outbound/destination.ts';
import { type DestinationReading, readDestination, readKind } from './outbound/destination-settings.ts';
import { open, seal } from './secrets.ts';

const secretsSchema = z.record(z.string(), z.string());

export type Secrets = Readonly<Record<string, string>>;

/** Seals a destination's secrets as one; null for none. */
export function sealSecrets(key: Buffer, id: string, secrets: Secrets): Buffer | null {
  return Object.keys(secrets).length === 0
    ? null
    : seal(key, JSON.stringify(secrets), destinationSecretsContext(id));
}

/** @throws OperatorError `secret_unreadable` for another key than they were sealed with. */
export function openSecrets(key: Buffer, row: DestinationRow): Secrets {
  if (row.secrets_sealed === null) return {};
  return secretsSchema.parse(JSON.parse(open(key, row.secrets_sealed, destinationSecretsContext(row.id))));
}

/** A stored destination with these secrets, or what is wrong with what is stored. */
export function destinationOf(row: DestinationRow, secrets: Secrets): DestinationReading {
  const kind = readKind(row.kind);
  if (kind === undefined)
    return { ok: false, problems: [`the kind "${row.kind}" is not known to this version`] };
  return readDestination({ id: row.id, name: row.name, kind, settings: row.settings, secrets });
}

/**
 * A stored destination, its secrets opened. The result must not be stored, logged or returned from an activity.
 *
 * @throws OperatorError `secret_unreadable`, or `bad_destination` when this version cannot read what another one stored.
 */
export function openDestination(key: Buffer, row: DestinationRow): Destination {
  const reading = destinationOf(row, openSecrets(key, row));
  if (reading.ok) return reading.destination;
  throw new OperatorError('bad_destination', `destination "${row.id}": ${reading.problems.join('; ')}`, {
    next: `Mend it with ./bidloop destination set ${row.id}, or start the version that made it.`,
  });
}
