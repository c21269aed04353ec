import type { Db } from '../../src/db/connection.ts';
import { storeStrategy, type StoredStrategy } from '../../src/db/strategy.ts';
import { readStrategy } from '../../src/strategies/read.ts';

/** Puts a strategy in force the way a file does: read, checked, stored. */
export async function seedStrategy(
  db: Db,
  input: { readonly workspaceId: string; readonly nowMs: number; readonly text: string },
): Promise<StoredStrategy> {
  const read = readStrategy(input.text, { fileName: 'test.yaml' });
  if (!read.ok)
    throw new Error(
      read.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`).join('\n'),
    );
  return storeStrategy(db, {
    workspaceId: input.workspaceId,
    text: input.text,
    document: read.document,
    origin: null,
    nowMs: input.nowMs,
  });
}
