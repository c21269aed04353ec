import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type LogLevel,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { sql } from 'kysely';
import type { ActTiming } from '../../activities/contract.ts';
import { networkQueue, TASK_QUEUE } from '../../workflows/names.ts';
import { composeActivities, type OutboundRules } from '../compose.ts';
import { createPool, type Db } from '../db/connection.ts';
import { listForwardingWorkspaces } from '../db/forwarding/destinations.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createNetworkRegistry, type NetworkRegistry } from '../networks/registry.ts';
import {
  applyTemporal,
  ensureAccount,
  ensureInstallation,
  listAccountsToRun,
  removeAccount,
} from './temporal-apply.ts';
import { ensureForward } from './wake-forward.ts';

export interface WorkerDeps {
  readonly db: Db;
  readonly databaseUrl: string;
  readonly temporal: {
    /** host:port */
    readonly address: string;
    readonly namespace: string;
    readonly apiKey?: string | null;
  };
  readonly secretKey: Buffer;
  readonly log: Logger;
  readonly wallNowMs: () => number;
  /** All built-in ones by default. */
  readonly networks?: NetworkRegistry;
  /** A ready bundle; built from the sources otherwise. */
  readonly workflowBundle?: WorkflowBundleOption;
  /** Days that clicks and postbacks are kept as received; 90 when left out, 0 for ever. */
  readonly rawDays?: number;
  /** What postbacks out may call; the public internet alone when left out. */
  readonly outbound?: OutboundRules;
  readonly actTiming?: Partial<ActTiming>;
  /** How soon new accounts and changed clocks are noticed; 5 s by default. */
  readonly lookEveryMs?: number;
  /** Ends waiting for servers that do not come, and then the workers. */
  readonly signal?: AbortSignal;
}

export interface RunningWorkers {
  /** Settles when every worker has stopped; rejects when one failed in a way that restarting may cure. */
  readonly done: Promise<void>;
  /** Lets running activities finish within a grace time, then stops. */
  shutdown(): Promise<void>;
}

const WORKFLOWS_PATH = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

/** New accounts and changed clocks are noticed within this time. */
const LOOK_EVERY_MS = 5_000;
const RETRY_MS = 1_000;
/** After this, running activities are told to end: a drain returns what it has done so far. */
const GRACE_MS = 2_000;
/** Longer than a write's answer may take, so that a deploy leaves no write of unknown result behind. */
const FORCE_MS = 30_000;

/**
 * Runs everything of this installation that waits on Temporal: one worker for workflows and shared activities, one
 * activity-only worker per ad account whose queue is the account's rate limit. Waits for PostgreSQL and Temporal to
 * come; the workers reconnect by themselves when they go and come back.
 *
 * @returns once the workers poll.
 */
export async function runWorkers(deps: WorkerDeps): Promise<RunningWorkers> {
  installRuntime(deps.log);
  const stop = new AbortController();
  const signal = deps.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, deps.signal]);
  const { db, log } = deps;
  const networks = deps.networks ?? createNetworkRegistry();

  await untilReady('PostgreSQL', { log, signal }, () => sql`select 1 from workspace limit 1`.execute(db));
  const connection = await untilReady('Temporal', { log, signal }, () => connectTemporal(deps));
  const { namespace } = deps.temporal;
  const client = new Client({ connection, namespace });
  await untilReady('the Temporal namespace', { log, signal }, () => applyTemporal(connection, namespace));
  const pool = createPool({ url: deps.databaseUrl, name: 'bidloop listen', max: 3 });
  const activities = composeActivities({ ...deps, networks, client, pool });
  const workflowBundle =
    deps.workflowBundle ??
    (await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: quietLogger() }));

  const identity = `bidloop ${os.hostname()} ${process.pid}`;
  const common = {
    connection,
    namespace,
    identity,
    shutdownGraceTime: GRACE_MS,
    shutdownForceTime: FORCE_MS,
  };
  // Numbers for two cores: a slot that waits on the database costs nothing, a cached workflow a third of a megabyte.
  const main = await Worker.create({
    ...common,
    taskQueue: TASK_QUEUE,
    workflowBundle,
    activities: activities.shared,
    maxConcurrentActivityTaskExecutions: 40,
    maxConcurrentActivityTaskPolls: 8,
    maxConcurrentWorkflowTaskExecutions: 20,
    maxConcurrentWorkflowTaskPolls: 8,
    maxConcurrentLocalActivityExecutions: 1,
    maxCachedWorkflows: 500,
  });

  const running = new Map<string, { readonly worker: Worker; readonly done: Promise<void> }>();
  const failures: unknown[] = [];
  const run = (name: string, worker: Worker): void => {
    const done = worker.run().catch((error: unknown) => {
      log.error({ worker: name, err: error }, 'a worker stopped');
      failures.push(error);
      stop.abort();
    });
    running.set(name, { worker, done });
  };
  run(TASK_QUEUE, main);

  const ensured = new Map<string, number>();
  let installationRate: number | null = null;
  let forwarding: ReadonlySet<string> = new Set();
  /** Makes Temporal and the workers fit the accounts there are. */
  const fit = async (): Promise<void> => {
    const accounts = await listAccountsToRun(db);
    const rate = Math.max(1, ...accounts.map((account) => account.rate));
    if (installationRate !== rate) {
      await ensureInstallation(client, rate);
      installationRate = rate;
    }
    for (const account of accounts) {
      const network = networks.find(account.network);
      const queue = networkQueue(account.id);
      if (network !== undefined && !running.has(queue)) {
        run(
          queue,
          await Worker.create({
            ...common,
            taskQueue: queue,
            activities: activities.network,
            maxTaskQueueActivitiesPerSecond: network.capabilities.requestsPerSecond,
            maxConcurrentActivityTaskExecutions: 4,
            maxConcurrentActivityTaskPolls: 2,
            // Eager dispatch would pass the queue's rate by.
            maxEagerActivityReservationsPerWorkflowTask: 0,
          }),
        );
      }
      if (ensured.get(account.id) !== account.rate) {
        await ensureAccount(client, account);
        ensured.set(account.id, account.rate);
        log.info(
          { account: account.id, clockRate: account.rate },
          'schedules and optimizer of an account are in place',
        );
      }
    }
    const withDestination = await listForwardingWorkspaces(db);
    for (const id of withDestination) if (!forwarding.has(id)) await ensureForward(client, id);
    forwarding = new Set(withDestination);
    for (const id of ensured.keys()) {
      if (accounts.some((account) => account.id === id)) continue;
      await removeAccount(client, id);
      ensured.delete(id);
      const queue = networkQueue(id);
      const one = running.get(queue);
      if (one === undefined) continue;
      one.worker.shutdown();
      // It may come back: then it needs a worker again.
      await one.done;
      running.delete(queue);
    }
  };
  await untilReady('the accounts', { log, signal }, fit);
  const looking = keepFitting(fit, { log, signal, everyMs: deps.lookEveryMs ?? LOOK_EVERY_MS });

  const done = (async () => {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await looking;
    for (const { worker } of running.values()) {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    }
    await Promise.all([...running.values()].map((one) => one.done));
    await connection.close();
    await pool.end();
    if (failures.length > 0) throw failures[0];
  })();
  // Whoever awaits `done` gets the failure; nobody awaiting it must not end the process unheard.
  done.catch(() => undefined);
  log.info({ queue: TASK_QUEUE, accounts: ensured.size }, 'workers are running');
  return {
    done,
    async shutdown() {
      stop.abort();
      await done;
    },
  };
}

async function keepFitting(
  fit: () => Promise<void>,
  { log, signal, everyMs }: { log: Logger; signal: AbortSignal; everyMs: number },
): Promise<void> {
  while (!signal.aborted) {
    await sleep(everyMs, signal);
    if (signal.aborted) return;
    try {
      await fit();
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'accounts could not be looked at; tried again in a few seconds');
    }
  }
}

async function connectTemporal(deps: WorkerDeps): Promise<NativeConnection> {
  const { address, apiKey } = deps.temporal;
  return NativeConnection.connect({ address, ...(apiKey ? { apiKey, tls: true } : {}) });
}

/** Repeats until it works; a server that is being built may take minutes. @throws when `signal` ends the waiting. */
async function untilReady<T>(
  what: string,
  { log, signal }: { log: Logger; signal: AbortSignal },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (tries % 30 === 0) log.info({ err: messageOf(error) }, `waiting for ${what}`);
      await sleep(RETRY_MS, signal);
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

let runtimeInstalled = false;

/** Once per process, before any connection: signals are the command's to handle, and the SDK's log lines go to ours. */
function installRuntime(log: Logger): void {
  if (runtimeInstalled) return;
  runtimeInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) =>
      log[pinoLevel(level)]({ temporal: meta }, message),
    ),
    telemetryOptions: { logging: { filter: 'temporal_sdk_core=WARN', forward: {} } },
  });
}

function pinoLevel(level: LogLevel): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  return level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

function quietLogger(): DefaultLogger {
  return new DefaultLogger('WARN');
}
