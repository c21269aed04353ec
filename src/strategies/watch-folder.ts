import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { watch } from 'chokidar';
import type { Db } from '../db/connection.ts';
import type { StrategyInForce } from '../db/evidence.ts';
import { removeStrategy, storeStrategy, StrategyNameTakenError } from '../db/strategy.ts';
import { formatProblem } from './format-problem.ts';
import { readStrategy } from './read.ts';

/** What became of one file, told as it happens. */
export interface FileReport {
  readonly file: string;
  readonly kind: 'loaded' | 'unchanged' | 'refused' | 'removed' | 'failed';
  /** One or more lines for people. */
  readonly text: string;
  readonly workspaceId?: string;
  readonly strategy?: StrategyInForce;
}

export interface WatchDeps {
  readonly db: Db;
  /** Workspace time. */
  readonly nowMs: (workspaceId: string) => Promise<number>;
  readonly report: (report: FileReport) => void;
  /** What the strategy would do now, as a sentence; told with "loaded". */
  readonly preview?: (workspaceId: string, strategy: StrategyInForce) => Promise<string>;
}

export interface StrategyWatch {
  /** Resolves once every file that is there has been read. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

const IS_STRATEGY = /\.(ya?ml|json)$/i;
/** How long a file must rest before it is read: editors write in pieces. Well within the two seconds until the answer. */
const REST_MS = 150;
/** How soon a file is tried again when the database was away. */
const AGAIN_MS = 2_000;

/**
 * Keeps the strategies of a folder in force: a saved file is checked and stored, a file with a mistake leaves its old
 * version running and says so, a removed file stops its strategy.
 *
 * Files at the top belong to the only workspace, or to the simulated one while there is one, so that a sample never
 * acts on a real account; files in `<workspace id>/` belong to that workspace.
 */
export function watchStrategies(dir: string, deps: WatchDeps): StrategyWatch {
  let closed = false;
  let queue: Promise<void> = Promise.resolve();
  const retries = new Map<string, NodeJS.Timeout>();

  /** One file at a time, in order: two saves in a row must not overtake each other. */
  function enqueue(file: string, work: () => Promise<void>): Promise<void> {
    clearTimeout(retries.get(file));
    queue = queue.then(async () => {
      if (closed) return;
      try {
        await work();
      } catch (error) {
        deps.report({
          file,
          kind: 'failed',
          text: `${file} could not be stored (${error instanceof Error ? error.message : String(error)}); what ran keeps running, next try in ${AGAIN_MS / 1000} s`,
        });
        retries.set(file, setTimeout(() => void enqueue(file, work), AGAIN_MS).unref());
      }
    });
    return queue;
  }

  async function load(file: string): Promise<void> {
    const text = await readFile(path.join(dir, file), 'utf8').catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? null : Promise.reject(error),
    );
    if (text === null) return await remove(file);
    const workspaceId = await workspaceOf(deps.db, file);
    if (typeof workspaceId === 'object')
      return deps.report({ file, kind: 'refused', text: `${file}: ${workspaceId.problem}` });
    const accounts = await deps.db
      .selectFrom('ad_account')
      .select(['id', 'name', 'network', 'currency'])
      .where('workspace_id', '=', workspaceId)
      .execute();
    const read = readStrategy(text, { fileName: file, accounts });
    if (!read.ok) {
      const running = await deps.db
        .selectFrom('strategy')
        .select('name')
        .where('workspace_id', '=', workspaceId)
        .where('origin', '=', file)
        .where('removed_at', 'is', null)
        .executeTakeFirst();
      const consequence =
        running === undefined
          ? 'it is not in force'
          : `the last good version of "${running.name}" keeps running`;
      return deps.report({
        file,
        kind: 'refused',
        workspaceId,
        text: [...read.problems.map((problem) => formatProblem(text, file, problem)), consequence].join('\n'),
      });
    }
    const stored = await storeReplacing({
      workspaceId,
      text,
      document: read.document,
      origin: file,
      nowMs: await deps.nowMs(workspaceId),
    });
    if ('problem' in stored)
      return deps.report({ file, kind: 'refused', workspaceId, text: `${file}: ${stored.problem}` });
    const strategy = { id: stored.strategyId, version: stored.version, compiled: read.compiled };
    if (!stored.changed)
      return deps.report({
        file,
        kind: 'unchanged',
        workspaceId,
        strategy,
        text: `${file}: "${read.compiled.name}" is in force, version ${stored.version}, ${read.compiled.mode}`,
      });
    const preview = deps.preview === undefined ? '' : `: ${await deps.preview(workspaceId, strategy)}`;
    const lines = [
      `${file}: "${read.compiled.name}" loaded, version ${stored.version}, ${read.compiled.mode}${preview}`,
      ...read.warnings,
    ];
    deps.report({ file, kind: 'loaded', workspaceId, strategy, text: lines.join('\n') });
  }

  /** A renamed file arrives before its old name leaves: the name is free when its owner is no longer on disk. */
  async function storeReplacing(
    input: Parameters<typeof storeStrategy>[1],
  ): Promise<Awaited<ReturnType<typeof storeStrategy>> | { readonly problem: string }> {
    try {
      return await storeStrategy(deps.db, input);
    } catch (error) {
      if (!(error instanceof StrategyNameTakenError)) throw error;
      const stillThere = await readFile(path.join(dir, error.ownedBy)).then(
        () => true,
        () => false,
      );
      if (stillThere) return { problem: error.message };
      await removeStrategy(deps.db, {
        workspaceId: input.workspaceId,
        nowMs: input.nowMs,
        origin: error.ownedBy,
      });
      return await storeStrategy(deps.db, input);
    }
  }

  async function remove(file: string): Promise<void> {
    const rows = await deps.db
      .selectFrom('strategy')
      .select(['workspace_id', 'name'])
      .where('origin', '=', file)
      .where('removed_at', 'is', null)
      .execute();
    for (const row of rows) {
      await removeStrategy(deps.db, {
        workspaceId: row.workspace_id,
        origin: file,
        nowMs: await deps.nowMs(row.workspace_id),
      });
      deps.report({
        file,
        kind: 'removed',
        workspaceId: row.workspace_id,
        text: `${file} was removed: "${row.name}" no longer decides; what it has paused stays paused`,
      });
    }
  }

  /** Files that went while nobody watched. */
  async function removeVanished(present: ReadonlySet<string>): Promise<void> {
    const rows = await deps.db
      .selectFrom('strategy')
      .select('origin')
      .where('origin', 'is not', null)
      .where('removed_at', 'is', null)
      .execute();
    for (const { origin } of rows) if (origin !== null && !present.has(origin)) await remove(origin);
  }

  const present = new Set<string>();
  const relative = (file: string) => path.relative(dir, file).split(path.sep).join('/');
  const started = makeFolder(dir).then(
    () =>
      new Promise<() => Promise<void>>((resolve, reject) => {
        const watcher = watch(dir, {
          depth: 1,
          ignored: (file, stats) =>
            stats?.isFile() === true && (!IS_STRATEGY.test(file) || path.basename(file).startsWith('.')),
          awaitWriteFinish: { stabilityThreshold: REST_MS, pollInterval: 30 },
        });
        let reading = true;
        const changed = (full: string): void => {
          const file = relative(full);
          if (reading) present.add(file);
          void enqueue(file, () => load(file));
        };
        watcher.on('add', changed);
        watcher.on('change', changed);
        watcher.on('unlink', (full) => {
          const file = relative(full);
          void enqueue(file, () => load(file));
        });
        watcher.on('error', (error) =>
          deps.report({
            file: dir,
            kind: 'failed',
            text: `the folder ${dir} cannot be watched: ${error instanceof Error ? error.message : String(error)}`,
          }),
        );
        watcher.on('ready', () => {
          reading = false;
          void enqueue(dir, () => removeVanished(present)).then(() => resolve(() => watcher.close()), reject);
        });
      }),
  );
  started.catch((error: unknown) =>
    deps.report({
      file: dir,
      kind: 'failed',
      text: `the strategies folder ${dir} cannot be read: ${error instanceof Error ? error.message : String(error)}\n  What is in force stays so, and nothing new is taken over. Set BIDLOOP_STRATEGIES_DIR to a folder, and start again.`,
    }),
  );

  return {
    ready: started.then(
      () => queue,
      () => undefined,
    ),
    async close() {
      closed = true;
      for (const timer of retries.values()) clearTimeout(timer);
      await started.then(
        (end) => end(),
        () => undefined,
      );
      await queue;
    },
  };
}

/** One level only: missing parents are a mistyped path. (And Node's recursive mkdir never returns below /proc.) */
async function makeFolder(dir: string): Promise<void> {
  const there = await stat(dir).catch(() => null);
  if (there === null) await mkdir(dir);
  else if (!there.isDirectory()) throw new Error('it is a file');
}

async function workspaceOf(db: Db, file: string): Promise<string | { readonly problem: string }> {
  const workspaces = await db.selectFrom('workspace').select(['id', 'simulated']).orderBy('id').execute();
  const names = workspaces.map((workspace) => workspace.id).join(', ');
  const slash = file.indexOf('/');
  if (slash !== -1) {
    const folder = file.slice(0, slash);
    return workspaces.some((workspace) => workspace.id === folder)
      ? folder
      : { problem: `the folder is named after no workspace; there is: ${names || 'none yet'}` };
  }
  const only =
    workspaces.find((workspace) => workspace.simulated) ??
    (workspaces.length === 1 ? workspaces[0] : undefined);
  return (
    only?.id ?? {
      problem:
        workspaces.length === 0
          ? 'there is no workspace yet; add one with `bidloop workspace add`'
          : `there are several workspaces: put the file into a folder named after its own (${names})`,
    }
  );
}
