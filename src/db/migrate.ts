import { promises as fs } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileMigrationProvider, type MigrationResult, Migrator } from 'kysely/migration';
import type { Db } from './connection.ts';

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));

/** A migration did not apply; everything before it did. */
export class MigrationError extends Error {
  readonly code = 'migration_failed';
}

/**
 * Brings the database to this version's schema. Safe to run at every boot and by several processes at once
 * (Kysely takes an advisory lock).
 *
 * @returns the migrations applied now, oldest first; empty when the schema was current.
 * @throws MigrationError naming the migration that failed.
 */
export async function migrate(db: Db): Promise<readonly MigrationResult[]> {
  const migrator = new Migrator({
    db,
    provider: new FileMigrationProvider({ fs, path, migrationFolder: FOLDER }),
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error');
    throw new MigrationError(`migration ${failed?.migrationName ?? '(before the first)'} failed`, {
      cause: error,
    });
  }
  return results;
}
