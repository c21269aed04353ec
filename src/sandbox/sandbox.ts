import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import { registerControl } from './control.ts';
import { Faults } from './faults.ts';
import type { MarketPlan } from './market/plan.ts';
import type { MarketClock } from './market-clock.ts';
import type { AccountFacts } from './meta/graph.ts';
import { Quota } from './meta/quota.ts';
import { ReportRuns } from './meta/report-runs.ts';
import { registerMeta } from './meta/routes.ts';
import type { Store } from './store.ts';
import { type TrackingTarget, Visitors, type VisitorsState } from './visitors.ts';
import { advance, createWorld, replayWrite, type World, type WriteRecord } from './world.ts';

export interface SandboxOptions {
  readonly plan: MarketPlan;
  readonly seed: number;
  /** Market instant at which the market begins when nothing is stored. */
  readonly startMs: number;
  readonly clock: MarketClock;
  readonly store: Store;
  /** Names what the stored state belongs to; another installation's state is not taken up. */
  readonly installation?: string;
  readonly account: AccountFacts;
  /** Where visitors and postbacks go; null for a market without people. */
  readonly tracking: TrackingTarget | null;
  readonly host?: string;
  readonly port: number;
  readonly wallNowMs: () => number;
  /** Market milliseconds of one step; tests with a clock by hand take larger ones. */
  readonly stepMs?: number;
  /** Points per window of the network's call quota. */
  readonly quotaPoints?: number;
}

export interface Sandbox {
  readonly url: string;
  readonly world: World;
  readonly faults: Faults;
  /** Runs the market up to the clock and starts what is due; the timer does this several times a second. */
  tick(): void;
  close(): Promise<void>;
}

const TICK_MS = 200;
const SNAPSHOT_EVERY_MS = 2_000;
/** A clock that jumped ahead is caught up in slices, so that calls are answered in between. */
const MAX_SLICE_MS = 3_600_000;

interface Snapshot {
  readonly version: 1;
  readonly installation: string | null;
  readonly world: World;
  readonly visitors: VisitorsState | null;
}

/**
 * Starts the simulated market and its network server: one process, one port, state kept in the store so that a killed
 * sandbox goes on where it was, at most a few seconds of visitors sent twice (their transaction ids are the same).
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { world, visitorsState } = restore(options);
  const faults = new Faults();
  const visitors = options.tracking
    ? new Visitors({
        target: options.tracking,
        plan: world.plan,
        seed: world.seed,
        ...(visitorsState ? { state: visitorsState } : {}),
      })
    : null;
  const marketNowMs = (): number => options.clock.nowMs() ?? world.market.nowMs;
  const run = (): void => {
    const visits = advance(world, Math.min(marketNowMs(), world.market.nowMs + MAX_SLICE_MS));
    visitors?.admit(visits);
  };
  const keepWrite = (written: WriteRecord): void => options.store.appendWrite(written);

  const app = fastify({
    logger: false,
    bodyLimit: 4_000_000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  });
  await app.register(formbody);
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    const code = status < 500 ? 100 : 1;
    return reply.code(status).send({
      error: {
        message: error instanceof Error ? error.message : 'unknown',
        type: 'GraphMethodException',
        code,
        fbtrace_id: 'Aunparsed',
      },
    });
  });
  registerControl(app, {
    world,
    faults,
    marketNowMs,
    wallNowMs: options.wallNowMs,
    beforeWrite: run,
    keepWrite,
    visitors: () =>
      visitors
        ? {
            ...visitors.count,
            waiting: visitors.state.visits.length,
            pendingPostbacks: visitors.state.postbacks.length,
          }
        : null,
  });
  registerMeta(app, {
    context: {
      world,
      account: options.account,
      faults,
      runs: new ReportRuns(),
      nowMs: marketNowMs,
      beforeWrite: run,
      keepWrite,
    },
    quota: new Quota(options.quotaPoints),
    wallNowMs: options.wallNowMs,
  });
  const url = await listen(app, options);

  const save = (): void => options.store.saveSnapshot(snapshotOf(options, world, visitors?.state ?? null));
  const tick = (): void => {
    if (options.clock.nowMs() === null) return;
    run();
    visitors?.pump(marketNowMs(), options.wallNowMs());
  };
  const ticking = setInterval(tick, TICK_MS);
  const saving = setInterval(save, SNAPSHOT_EVERY_MS);
  return {
    url,
    world,
    faults,
    tick,
    async close() {
      clearInterval(ticking);
      clearInterval(saving);
      options.clock.close();
      await visitors?.close();
      await app.close();
      save();
    },
  };
}

async function listen(app: FastifyInstance, options: SandboxOptions): Promise<string> {
  return app.listen({ host: options.host ?? '127.0.0.1', port: options.port });
}

function restore(options: SandboxOptions): {
  readonly world: World;
  readonly visitorsState: VisitorsState | null;
} {
  const { snapshot, writes } = options.store.load();
  const kept = snapshot as Snapshot | null;
  const usable =
    kept?.version === 1 &&
    kept.world.seed === options.seed &&
    kept.installation === (options.installation ?? null);
  const world = usable ? kept.world : createWorld(options);
  if (usable) for (const written of writes) replayWrite(world, written);
  else {
    options.store.reset();
    // At once: writes are replayed onto a snapshot, and the first may come before the timer's.
    options.store.saveSnapshot(snapshotOf(options, world, null));
  }
  return { world, visitorsState: usable ? kept.visitors : null };
}

function snapshotOf(options: SandboxOptions, world: World, visitors: VisitorsState | null): Snapshot {
  return { version: 1, installation: options.installation ?? null, world, visitors };
}
