import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The examples are third-party lines and not part of the project: said by this variable, or found near the checkout. */
export const EXAMPLES_VARIABLE = 'BENCH_SOURCES_FILE';
export const EXAMPLES_NAME = 'postback-examples.jsonl';

/** How many folders above the checkout are looked into. */
const LEVELS = 2;

/**
 * Where the lines lie: the variable's file; else `postback-examples.jsonl` in a neighbour of the checkout or of the
 * folder above it, or in a folder of such a neighbour.
 *
 * @returns null when there is none.
 */
export function findExamples(
  checkout: string,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const named = env[EXAMPLES_VARIABLE];
  if (named !== undefined && named !== '') return existsSync(named) ? named : null;
  let parent = path.dirname(checkout);
  for (let level = 0; level < LEVELS && parent !== path.dirname(parent); level += 1) {
    const neighbours = [parent, ...foldersIn(parent)];
    const folders = [...neighbours, ...neighbours.slice(1).flatMap(foldersIn)];
    const found = folders.map((one) => path.join(one, EXAMPLES_NAME)).find((file) => existsSync(file));
    if (found !== undefined) return found;
    parent = path.dirname(parent);
  }
  return null;
}

/** Folders in a folder, by name; none where it may not be read. */
function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .map((entry) => path.join(folder, entry.name))
      .toSorted();
  } catch {
    return [];
  }
}
