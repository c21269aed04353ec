import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { markAlive, resumeClocks, stopClocks } from '../db/clock.ts';
import { connect, type Db } from '../db/connection.ts';
import { migrate } from '../db/migrate.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { wallNowMs } from '../wall-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkTemporal } from './check-temporal.ts';
import { emptyDataDir, ensureSecretKey, prepareDataDir } from './data-dir.ts';
import { endServers, endWorkingLeftovers } from './leftovers.ts';
import { createLiveLines } from './live-lines.ts';
import { commandPart, postgresPart, temporalPart } from './parts.ts';
import { linksOf, sayLinks, sayRunsAlready, sayTemporalLists } from './links.ts';
import { choosePorts, type Ports } from './ports.ts';
import { signal } from './processes.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { claimDataDir, markOf, readRunFile, releaseDataDir, stillRuns, writeRunFile } from './run-file.ts';
import { ensureSampleWorkspace } from './sample-workspace.ts';
import type { PartStatus } from './status-file.ts';
import { createSupervisor } from './supervisor.ts';

export interface UpOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** Delete the data first. */
  readonly fresh: boolean;
  /** One line for the person at the terminal. */
  readonly say: (line: string) => void;
  /** Aborted when the installation is to stop. */
  readonly stop: AbortSignal;
  /** Aborted when it is to stop without waiting for what is begun. */
  readonly hurry: AbortSignal;
}

/** Judging stops first, then what feeds it, then what visitors and senders see, then what all of them stand on. */
const STOP_ORDER = [
  'work',
  'sandbox',
  'serve',
  'temporal',
  'postgres',
] as const satisfies readonly PartStatus['name'][];
const LOOK_EVERY_MS = 5_000;
const LOOK_FOR_TEMPORAL_MS = 2_000;

/**
 * Runs the whole installation on this machine until it is told to stop: PostgreSQL first, then the page and the market,
 * so that something is to be seen while Temporal is still found or built, then Temporal and the optimizer. What a
 * killed run left is taken over (PostgreSQL, Temporal) or ended (our own processes, whose code may be old).
 *
 * @throws OperatorError with what stands in the way of a start.
 */
export async function runUp(options: UpOptions): Promise<void> {
  const { config } = options;
  prepareDataDir(config.dataDir);
  const owner = claimDataDir(config.dataDir);
  if (owner !== null) {
    sayRunsAlready(options, owner.pid);
    return;
  }
  try {
    if (options.fresh) await beginAnew(config);
    await runInstallation(options);
  } finally {
    releaseDataDir(config.dataDir);
  }
}

async function beginAnew(config: Config): Promise<void> {
  if (config.databaseUrl !== null) {
    throw new OperatorError(
      'fresh_with_own_database',
      '--fresh deletes the embedded data only, and DATABASE_URL names a database of yours',
      {
        next: 'Leave out --fresh, or unset DATABASE_URL.',
      },
    );
  }
  const run = readRunFile(config.dataDir);
  await endWorkingLeftovers(run);
  await endServers(config.dataDir, run);
  emptyDataDir(config.dataDir);
  prepareDataDir(config.dataDir);
  claimDataDir(config.dataDir);
}

async function runInstallation(options: UpOptions): Promise<void> {
  const { config, say, stop } = options;
  const previous = readRunFile(config.dataDir);
  const secretKey = ensureSecretKey(config);
  let save: () => void = () => undefined;
  const supervisor = createSupervisor({ say, onChange: () => save() });
  let db: Db | undefined;
  try {
    await endWorkingLeftovers(previous);
    const databaseUrl = await startDatabase(options, supervisor);
    db = connect({ url: databaseUrl, name: 'bidloop up', max: 2 });
    await migrate(db);

    const leftTemporal = previous?.children['temporal'];
    const temporalRuns = leftTemporal !== undefined && stillRuns(leftTemporal);
    const held = new Set(
      temporalRuns && previous !== null ? [previous.ports.temporal, previous.ports.temporalUi] : [],
    );
    const ports = await choosePorts({
      config,
      env: options.env,
      remembered: previous?.ports ?? null,
      held,
      say,
    });
    const sandboxUrl = `http://127.0.0.1:${ports.sandbox}`;
    const simulated =
      config.databaseUrl === null &&
      (await ensureSampleWorkspace(db, { config, secretKey, sandboxUrl }, wallNowMs()));
    await resumeClocks(db, wallNowMs());

    const temporalIsForeign = config.temporalAddress !== null;
    const temporalAddress = config.temporalAddress ?? `127.0.0.1:${ports.temporal}`;
    const place = { ports, databaseUrl, temporalAddress, temporalIsForeign };
    const links = linksOf(config, place);
    const reporter = createReporter({
      dataDir: config.dataDir,
      say,
      links,
      parts: () => supervisor.status(),
    });
    save = () => {
      const children = STOP_ORDER.flatMap((name) => {
        const pid = supervisor.pidOf(name);
        return pid === undefined ? [] : [[name, markOf(pid)] as const];
      });
      const run = { supervisor: markOf(process.pid), children: Object.fromEntries(children), ...place };
      try {
        writeRunFile(config.dataDir, run);
        reporter.changed();
      } catch (error) {
        // A full disk must not keep anything from being started again, or stopped.
        say(`what runs could not be written down: ${messageOf(error)}`);
      }
    };
    save();

    const env = childEnvironment(options, { ...place, ports });
    const child = (name: 'serve' | 'sandbox' | 'work') =>
      commandPart(name, { dataDir: config.dataDir, env, leftover: previous?.children[name], say });
    const started = (async () => {
      await supervisor.keep(child('serve'));
      sayLinks(say, links);
      if (simulated) {
        await supervisor.keep(child('sandbox'));
        say('Simulated market. No real money.');
      }
    })();
    const judged = (async () => {
      // The worker waits for Temporal by itself, and reads strategies meanwhile.
      const worker = supervisor.keep(child('work'));
      worker.catch(() => undefined);
      if (temporalIsForeign) {
        await waitForTemporal({ ...config, address: temporalAddress }, { reporter, stop });
      } else {
        const leftover = temporalRuns ? leftTemporal : undefined;
        await supervisor.keep(
          temporalPart({
            config,
            env: options.env,
            ports,
            leftover,
            onProgress: (progress) => reporter.progress(progress),
          }),
        );
      }
      if (stop.aborted) return;
      reporter.progress({ text: 'the optimizer starts', secondsLeft: 5 });
      await worker;
      // Stopped meanwhile: nothing is ready.
      if (stop.aborted) return;
      reporter.ready();
      sayTemporalLists(say, links, config.temporalNamespace);
    })();
    // A stop during the start rejects these; the stop itself is what is then wanted.
    started.catch(() => undefined);
    judged.catch(() => undefined);
    await watchUntilStopped(db, { say, stop });
  } finally {
    if (stop.aborted) say('stopping … (Ctrl-C again: without waiting for what is begun)');
    options.hurry.addEventListener('abort', () => {
      for (const name of STOP_ORDER.slice(0, 3)) {
        const pid = supervisor.pidOf(name);
        if (pid !== undefined) signal(pid, 'SIGKILL');
      }
    });
    await stopAll(supervisor, db);
    if (stop.aborted) say('Stopped. `npm start` goes on from here.');
  }
}

async function startDatabase(
  { config, say }: UpOptions,
  supervisor: ReturnType<typeof createSupervisor>,
): Promise<string> {
  if (config.databaseUrl !== null) {
    await checkDatabase(config.databaseUrl);
    return config.databaseUrl;
  }
  let url = '';
  say('starting PostgreSQL');
  await supervisor.require(postgresPart(config, (now) => (url = now)));
  return url;
}

/** The operator's own server may come later than we do: what keeps it is told until it answers. */
async function waitForTemporal(
  { address, temporalNamespace, temporalApiKey }: Config & { readonly address: string },
  { reporter, stop }: { readonly reporter: Reporter; readonly stop: AbortSignal },
): Promise<void> {
  while (!stop.aborted) {
    try {
      return await checkTemporal({ address, namespace: temporalNamespace, apiKey: temporalApiKey });
    } catch (error) {
      reporter.failing(messageOf(error), error instanceof OperatorError ? error.next : '');
      await sleep(LOOK_FOR_TEMPORAL_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

async function watchUntilStopped(db: Db, { say, stop }: Pick<UpOptions, 'say' | 'stop'>): Promise<void> {
  const news = createLiveLines(db, wallNowMs());
  while (!stop.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    try {
      await markAlive(db, wallNowMs());
      for (const line of await news.next(wallNowMs())) say(line);
    } catch {
      // PostgreSQL is away; the supervisor has said so and starts it again.
    }
  }
}

/** Clocks stand still once nothing stamps facts any more and before the database goes. */
async function stopAll(supervisor: ReturnType<typeof createSupervisor>, db: Db | undefined): Promise<void> {
  await supervisor.stop(STOP_ORDER.slice(0, 3));
  if (db !== undefined) {
    await stopClocks(db, wallNowMs()).catch(() => undefined);
    await db.destroy();
  }
  await supervisor.stop(STOP_ORDER.slice(3));
}

interface Place {
  readonly ports: Ports;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalIsForeign: boolean;
}

function childEnvironment({ config, env }: UpOptions, place: Place): NodeJS.ProcessEnv {
  return {
    ...env,
    BIDLOOP_DATA_DIR: config.dataDir,
    DATABASE_URL: place.databaseUrl,
    TEMPORAL_ADDRESS: place.temporalAddress,
    BIDLOOP_HTTP_PORT: String(place.ports.http),
    BIDLOOP_SANDBOX_PORT: String(place.ports.sandbox),
  };
}
