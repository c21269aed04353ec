import { compileStrategy, type CompiledStrategy } from '../core/rules/compile.ts';
import type { StrategyDocument } from '../core/rules/document.ts';
import type { Db } from './connection.ts';
import type { StrategyInForce } from './evidence.ts';

/** Versions are immutable: compiled once per process and currency. */
const compiledVersions = new Map<string, CompiledStrategy | null>();
const MOST_KEPT = 2_000;

/**
 * The current version of each strategy of a workspace, ready to decide in an account's currency, in order of name.
 * One whose money is in another currency does not apply to the account and is left out.
 */
export async function loadStrategiesInForce(
  db: Db,
  workspaceId: string,
  currency: string,
): Promise<readonly StrategyInForce[]> {
  const rows = await db
    .selectFrom('strategy as s')
    .select(['s.id', 's.current_version'])
    .where('s.workspace_id', '=', workspaceId)
    .where('s.removed_at', 'is', null)
    .orderBy('s.name')
    .execute();
  const strategies: StrategyInForce[] = [];
  for (const row of rows) {
    const compiled = await loadStrategyVersion(db, { id: row.id, version: row.current_version, currency });
    if (compiled !== null) strategies.push({ id: row.id, version: row.current_version, compiled });
  }
  return strategies;
}

/** One version compiled for a currency; null when it does not apply to it or does not exist. */
export async function loadStrategyVersion(
  db: Db,
  input: { readonly id: string; readonly version: number; readonly currency: string },
): Promise<CompiledStrategy | null> {
  const key = `${input.id} ${input.version} ${input.currency}`;
  const known = compiledVersions.get(key);
  if (known !== undefined) return known;
  const row = await db
    .selectFrom('strategy_version')
    .select('document')
    .where('strategy_id', '=', input.id)
    .where('version', '=', input.version)
    .executeTakeFirst();
  if (row === undefined) return null;
  // Checked by its schema before it was stored; versions are never edited.
  const result = compileStrategy(row.document as unknown as StrategyDocument, { currency: input.currency });
  const compiled = result.ok ? result.compiled : null;
  if (compiledVersions.size >= MOST_KEPT) compiledVersions.clear();
  compiledVersions.set(key, compiled);
  return compiled;
}
