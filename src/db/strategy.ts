import { createHash } from 'node:crypto';
import { strategySchema } from '../contract/strategy.ts';
import { type CompiledStrategy, compileStrategy } from '../core/rules/compile.ts';
import type { StrategyDocument } from '../core/rules/document.ts';
import type { Db } from './connection.ts';

export interface StoredStrategy {
  readonly strategyId: string;
  readonly version: number;
  /** False when this very text was in force already. */
  readonly changed: boolean;
}

/** Two files, or a file and a person, claim one strategy name. */
export class StrategyNameTakenError extends Error {
  override readonly name = 'StrategyNameTakenError';
  readonly code = 'strategy_name_taken';
  /** The file that the name belongs to. */
  readonly ownedBy: string;

  constructor(strategy: string, ownedBy: string) {
    super(`strategy "${strategy}" comes from ${ownedBy}; edit that file, or give this one another name`);
    this.ownedBy = ownedBy;
  }
}

/**
 * Puts a strategy in force. Versions never change: a text that was stored before gets its old number back, any other
 * text a new one. What the same file held under another name before is stopped.
 *
 * @param input.document checked and compiled by the caller (src/strategies/read.ts).
 * @param input.origin the file it comes from; null when a person added it by hand.
 * @param input.nowMs workspace time.
 * @throws StrategyNameTakenError when another file owns the name.
 */
export async function storeStrategy(
  db: Db,
  input: {
    readonly workspaceId: string;
    readonly text: string;
    readonly document: StrategyDocument;
    readonly origin: string | null;
    readonly nowMs: number;
  },
): Promise<StoredStrategy> {
  const { workspaceId, text, document, origin } = input;
  const now = new Date(input.nowMs);
  const name = document.strategy;
  const strategyId = `${workspaceId}/${name}`;
  const hash = createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest();
  return await db.transaction().execute(async (trx) => {
    // The insert makes the row to lock, so that two stores of a new name cannot both take version 1.
    await trx
      .insertInto('strategy')
      .values({
        id: strategyId,
        workspace_id: workspaceId,
        name,
        origin,
        current_version: 0,
        created_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = await trx
      .selectFrom('strategy')
      .selectAll()
      .where('id', '=', strategyId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (row.removed_at === null && row.origin !== null && row.origin !== origin)
      throw new StrategyNameTakenError(name, row.origin);
    const known = await trx
      .selectFrom('strategy_version')
      .select('version')
      .where('strategy_id', '=', strategyId)
      .where('content_hash', '=', hash)
      .executeTakeFirst();
    const latest = await trx
      .selectFrom('strategy_version')
      .select((eb) => eb.fn.max('version').as('version'))
      .where('strategy_id', '=', strategyId)
      .executeTakeFirst();
    const version = known?.version ?? (latest?.version ?? 0) + 1;
    if (known === undefined) {
      await trx
        .insertInto('strategy_version')
        .values({
          strategy_id: strategyId,
          version,
          source: text,
          document: JSON.stringify(document),
          content_hash: hash,
          created_at: now,
        })
        .execute();
    }
    const changed = row.current_version !== version || row.removed_at !== null;
    await trx
      .updateTable('strategy')
      .set({ current_version: version, origin, removed_at: null })
      .where('id', '=', strategyId)
      .execute();
    if (origin !== null) {
      await trx
        .updateTable('strategy')
        .set({ removed_at: now })
        .where('workspace_id', '=', workspaceId)
        .where('origin', '=', origin)
        .where('id', '!=', strategyId)
        .where('removed_at', 'is', null)
        .execute();
    }
    return { strategyId, version, changed };
  });
}

/** A strategy in force, ready to decide. */
export interface CurrentStrategy {
  readonly id: string;
  readonly version: number;
  readonly compiled: CompiledStrategy;
}

/** Compiled texts by their hash: a compilation is a pure function of the text, and costs more than a pass. */
const compiledByHash = new Map<string, CompiledStrategy>();

/**
 * The strategies in force, in order of name: the order in which they may act on one object.
 *
 * @throws when a stored strategy no longer compiles, which only a change of the language can cause.
 */
export async function loadCurrentStrategies(
  db: Db,
  workspaceId: string,
): Promise<readonly CurrentStrategy[]> {
  const rows = await inForce(db, workspaceId)
    .select(['strategy_version.document', 'strategy_version.content_hash'])
    .orderBy('strategy.name')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    compiled: compileStored(row.id, row.version, row.document, row.content_hash),
  }));
}

/** One version of a strategy, in force or not: what a decision was made by. Undefined when there is none. */
export async function loadStrategyVersion(
  db: Db,
  strategyId: string,
  version: number,
): Promise<(CurrentStrategy & { readonly source: string }) | undefined> {
  const row = await db
    .selectFrom('strategy_version')
    .select(['strategy_id', 'version', 'source', 'document', 'content_hash'])
    .where('strategy_id', '=', strategyId)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    id: row.strategy_id,
    version: row.version,
    source: row.source,
    compiled: compileStored(row.strategy_id, row.version, row.document, row.content_hash),
  };
}

/** The text of a strategy in force and its version. Undefined when no strategy of that name is in force. */
export async function loadStrategyText(
  db: Db,
  workspaceId: string,
  name: string,
): Promise<
  | {
      readonly id: string;
      readonly version: number;
      readonly origin: string | null;
      readonly source: string;
      readonly since: Date;
    }
  | undefined
> {
  const row = await inForce(db, workspaceId)
    .select(['strategy_version.source', 'strategy_version.created_at'])
    .where('strategy.name', '=', name)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : { id: row.id, version: row.version, origin: row.origin, source: row.source, since: row.created_at };
}

function inForce(db: Db, workspaceId: string) {
  return db
    .selectFrom('strategy')
    .innerJoin('strategy_version', (join) =>
      join
        .onRef('strategy_version.strategy_id', '=', 'strategy.id')
        .onRef('strategy_version.version', '=', 'strategy.current_version'),
    )
    .select(['strategy.id', 'strategy.name', 'strategy.origin', 'strategy_version.version'])
    .where('strategy.workspace_id', '=', workspaceId)
    .where('strategy.removed_at', 'is', null);
}

/** A strategy as lists and pages show it. */
export interface StrategySummary {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly origin: string | null;
  readonly mode: string;
  readonly level: string;
  readonly rules: number;
  readonly autopilot: boolean;
}

/** Every strategy in force, in order of name. */
export async function listStrategies(db: Db, workspaceId: string): Promise<readonly StrategySummary[]> {
  const rows = await inForce(db, workspaceId)
    .select('strategy_version.document')
    .orderBy('strategy.name')
    .execute();
  return rows.map((row) => {
    const document = strategySchema.parse(row.document);
    return {
      id: row.id,
      name: row.name,
      version: row.version,
      origin: row.origin,
      mode: document.mode ?? 'dry-run',
      level: document.scope.level,
      rules: document.rules?.length ?? 0,
      autopilot: document.autopilot !== undefined,
    };
  });
}

/**
 * Stops a strategy: nothing is decided by it any more; its versions and decisions stay.
 *
 * @returns its id, or undefined when no strategy of that name (or from that file) is in force.
 */
export async function removeStrategy(
  db: Db,
  input: { readonly workspaceId: string; readonly nowMs: number } & (
    | { readonly name: string }
    | { readonly origin: string }
  ),
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const query = db
    .updateTable('strategy')
    .set({ removed_at: new Date(input.nowMs) })
    .where('workspace_id', '=', input.workspaceId)
    .where('removed_at', 'is', null);
  const chosen =
    'name' in input ? query.where('name', '=', input.name) : query.where('origin', '=', input.origin);
  return await chosen.returning(['id', 'name']).executeTakeFirst();
}

function compileStored(id: string, version: number, document: unknown, hash: Buffer): CompiledStrategy {
  const key = hash.toString('hex');
  const cached = compiledByHash.get(key);
  if (cached !== undefined) return cached;
  const result = compileStrategy(strategySchema.parse(document));
  if (!result.ok) {
    throw new Error(
      `strategy ${id} version ${version} no longer compiles: ${result.problems.map((problem) => problem.message).join('; ')}; store it anew from its file`,
    );
  }
  if (compiledByHash.size > 500) compiledByHash.clear();
  compiledByHash.set(key, result.compiled);
  return result.compiled;
}

/** Accounts of a workspace in whose scope a strategy in force asks for estimated spend (`est.*`): visits are news to them. */
export async function accountsThatEstimate(db: Db, workspaceId: string): Promise<ReadonlySet<string>> {
  const asking = (await loadCurrentStrategies(db, workspaceId)).filter(
    ({ compiled }) => compiled.needs.estimatedSpend,
  );
  if (asking.length === 0) return new Set();
  const accounts = await db
    .selectFrom('ad_account')
    .select(['id', 'name', 'network'])
    .where('workspace_id', '=', workspaceId)
    .execute();
  const inScope = accounts.filter(({ id, name, network }) =>
    asking.some(
      ({ compiled: { scope } }) =>
        (scope.network === null || scope.network === network) &&
        (scope.accounts === null || scope.accounts.includes(id) || scope.accounts.includes(name)),
    ),
  );
  return new Set(inScope.map((account) => account.id));
}
