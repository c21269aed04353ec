import formbody from '@fastify/formbody';
import fastify from 'fastify';
import { type AccountOptions, type MarketOptions, openAccount, type SandboxAccount } from './account.ts';
import { registerControl } from './control.ts';
import { Faults } from './faults.ts';
import { Quota } from './meta/quota.ts';
import { ReportRuns } from './meta/report-runs.ts';
import { registerMeta } from './meta/routes.ts';
import type { World } from './world.ts';

export interface SandboxOptions extends AccountOptions, MarketOptions {
  /** Further accounts on the same market, draw for draw: what differs between them is what was done. */
  readonly twins?: readonly AccountOptions[];
  readonly host?: string;
  readonly port: number;
  /** Points per window of the network's call quota. */
  readonly quotaPoints?: number;
}

export interface Sandbox {
  readonly url: string;
  /** Of the first account. */
  readonly world: World;
  readonly accounts: readonly SandboxAccount[];
  readonly faults: Faults;
  /** Runs the market up to the clock and starts what is due; the timer does this several times a second. */
  tick(): void;
  close(): Promise<void>;
}

const TICK_MS = 200;
const SNAPSHOT_EVERY_MS = 2_000;

/**
 * Starts the simulated market and its network server: one process, one port, state kept in the stores so that a killed
 * sandbox goes on where it was, at most a few seconds of visitors sent twice (their transaction ids are the same).
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const first = openAccount(options, 0);
  const twins = (options.twins ?? []).map((twin, at) => openAccount({ ...options, ...twin }, at + 1));
  const accounts = [first, ...twins];
  const faults = new Faults();
  // All to the same instant, also before a write to one of them: else their scores would be of different times.
  const run = (): void => {
    const toMs = first.marketNowMs();
    for (const account of accounts) account.run(toMs);
  };

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
  registerControl(app, { accounts, faults, beforeWrite: run, wallNowMs: options.wallNowMs });
  registerMeta(app, {
    faults,
    wallNowMs: options.wallNowMs,
    accounts: accounts.map((account) => ({
      quota: new Quota(options.quotaPoints),
      context: {
        world: account.world,
        account: account.facts,
        faults,
        runs: new ReportRuns(),
        nowMs: account.marketNowMs,
        beforeWrite: run,
        keepWrite: account.keepWrite,
      },
    })),
  });
  const url = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port });

  const tick = (): void => {
    if (options.clock.nowMs() === null) return;
    run();
    for (const account of accounts) account.pump();
  };
  const save = (): void => {
    for (const account of accounts) account.save();
  };
  const ticking = setInterval(tick, TICK_MS);
  const saving = setInterval(save, SNAPSHOT_EVERY_MS);
  return {
    url,
    world: first.world,
    accounts,
    faults,
    tick,
    async close() {
      clearInterval(ticking);
      clearInterval(saving);
      options.clock.close();
      await Promise.all(accounts.map((account) => account.close()));
      await app.close();
      save();
    },
  };
}
