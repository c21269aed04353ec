import type { Selectable } from 'kysely';
import type { Db } from '../db/connection.ts';
import { listSources } from '../db/sources.ts';
import type { SourceTable } from '../db/tables.ts';
import { codeOf, OperatorError } from '../errors.ts';
import { segmentsOf, splitAddress } from '../sources/explain/split-address.ts';
import type { SourceProfile, SourceSettings } from '../sources/profile.ts';
import { configuredProfile, readSourceSettings } from '../sources/settings.ts';
import type { CliContext } from './command.ts';
import { profileOf } from './source-address.ts';

/** A source of this installation, ready to read a request as its door would. */
export interface Target {
  readonly id: string;
  readonly row: Selectable<SourceTable>;
  readonly profile: SourceProfile;
  readonly settings: SourceSettings;
}

/** The sources of this installation, and where to ask more. */
export interface Here {
  readonly db: Db;
  readonly rows: readonly Selectable<SourceTable>[];
}

/** The sources of this installation; null where none runs or it cannot be asked: explaining needs none. */
export async function sourcesHere(context: CliContext): Promise<Here | null> {
  try {
    const db = await context.db();
    return { db, rows: await listSources(db) };
  } catch (error) {
    // Not migrated yet, away, or nothing runs here.
    if (error instanceof OperatorError || codeOf(error) !== undefined) return null;
    throw error;
  }
}

/** The source that was named, or that the address itself names: /p/<source>/…; undefined for neither. */
export function targetNamed(
  rows: readonly Selectable<SourceTable>[],
  source: string | undefined,
  address: string | undefined,
): Selectable<SourceTable> | undefined {
  if (source !== undefined) return rows.find((row) => row.id === source);
  if (address === undefined) return undefined;
  const [first, id] = segmentsOf(splitAddress(address, 'sent').path);
  return first === 'p' ? rows.find((row) => row.id === id?.toLowerCase()) : undefined;
}

/**
 * The only source that speaks a profile's words; null where there are several or none. Those of simulated workspaces
 * speak for nobody beside real ones.
 */
export async function speaker({ db, rows }: Here, profile: string): Promise<Selectable<SourceTable> | null> {
  const workspaces = await db.selectFrom('workspace').select(['id', 'simulated']).execute();
  const real = new Set(workspaces.filter((one) => !one.simulated).map((one) => one.id));
  const asked = real.size === 0 ? rows : rows.filter((row) => real.has(row.workspace_id));
  const [only, ...more] = asked.filter((row) => row.profile === profile);
  return more.length === 0 ? (only ?? null) : null;
}

/** A source's row with its profile as its settings make it. */
export async function targetOf(db: Db, row: Selectable<SourceTable>): Promise<Target> {
  const { currency } = await db
    .selectFrom('workspace')
    .select('currency')
    .where('id', '=', row.workspace_id)
    .executeTakeFirstOrThrow();
  const settings = readSourceSettings(row.settings, currency);
  return { id: row.id, row, profile: configuredProfile(profileOf(row), settings), settings };
}
