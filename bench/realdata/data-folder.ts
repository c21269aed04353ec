import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The data is third-party and not part of the project: an environment variable, or a folder `data` beside the checkout. */
export const DATA_VARIABLE = 'BIDLOOP_REAL_DATA';

/**
 * Where the data sets lie: the variable's folder; else `data` beside the checkout, or in a neighbour of it.
 *
 * @param known a data set's folder by which the place is recognised.
 * @returns null when there is none.
 */
export function findDataFolder(
  checkout: string,
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string | null {
  const named = env[DATA_VARIABLE];
  if (named !== undefined && named !== '') return existsSync(named) ? named : null;
  const parent = path.dirname(checkout);
  const neighbours = readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => path.join(parent, entry.name, 'data'));
  const candidates = [path.join(parent, 'data'), ...neighbours.toSorted()];
  return candidates.find((folder) => known.some((name) => existsSync(path.join(folder, name)))) ?? null;
}

/** The text of a file of a data set, `<file>.gz` or as it is; null when it is not there. */
export function readDataFile(folder: string, set: string, file: string): string | null {
  const plain = path.join(folder, set, file);
  if (existsSync(`${plain}.gz`)) return gunzipSync(readFileSync(`${plain}.gz`)).toString('utf8');
  return existsSync(plain) ? readFileSync(plain, 'utf8') : null;
}
