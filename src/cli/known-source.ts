import type { Selectable } from 'kysely';
import { nearestWord } from '../core/nearest-word.ts';
import type { Db } from '../db/connection.ts';
import { findSource, listSources } from '../db/sources.ts';
import type { SourceTable } from '../db/tables.ts';
import { OperatorError } from '../errors.ts';
import type { CliContext } from './command.ts';

/**
 * A source by its short name.
 *
 * @throws OperatorError `unknown_source`, with the name that was most likely meant.
 */
export async function knownSource(
  context: CliContext,
  id: string,
): Promise<{ readonly db: Db; readonly row: Selectable<SourceTable> }> {
  const db = await context.db();
  const row = await findSource(db, id);
  if (row !== undefined) return { db, row };
  const ids = (await listSources(db)).map((source) => source.id);
  const near = nearestWord(id, ids);
  const meant = near === null ? '' : `; did you mean "${near}"?`;
  throw new OperatorError('unknown_source', `there is no source "${id}"${meant}`, {
    next:
      ids.length === 0 ? 'There is none yet: ./bidloop source add generic' : `There are: ${ids.join(', ')}.`,
  });
}
