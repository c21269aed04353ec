import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { loadClock, setClockRate } from '../db/clock.ts';
import type { Db } from '../db/connection.ts';
import { OperatorError } from '../errors.ts';
import { askedToStop, reportReady } from '../runtime/ready.ts';
import { SAMPLE, SAMPLE_OPENS_MS } from '../runtime/sample-workspace.ts';
import { type FollowedClock, followClock, type MarketClock } from '../sandbox/market-clock.ts';
import { startSandbox } from '../sandbox/index.ts';
import type { CliContext } from './command.ts';
import { readSample, sampleMarket } from './sample-market.ts';

/** Market milliseconds per wall millisecond on the first night: ten hours in a quarter of a minute. */
const FAST_RATE = 2_400;

export function register(program: Command, context: CliContext): void {
  program
    .command('sandbox')
    .description("the simulated market of the sample workspace, behind a server that speaks Meta's API")
    .addHelpText(
      'after',
      `
It sends visitors through this installation's own links and their purchases back as postbacks. \`npm start\` runs it.

  GET    /_sandbox/state    settings, money, what is under way
  GET    /_sandbox/writes   every accepted write with wall and market time
  GET    /_sandbox/score    profit of each account, and of its market left alone
  POST   /_sandbox/faults   {"kind":"rate","on":"write","times":3}: kinds rate, edit_quota, auth, server_error, html_502,
                            slow, withhold_answer, cut_after_acceptance, null_batch_part, fail_report_run
  DELETE /_sandbox/faults   no more faults
  POST   /_sandbox/human-edit  {"id":"…","bidMicros":1500000}: as a person at the network's own screen
  POST   /_sandbox/restate  {"fromMs":…,"toMs":…,"factor":1.1}: spend reported differently from now on`,
    )
    .action(() => runSandbox(context));
}

async function runSandbox(context: CliContext): Promise<void> {
  const { config } = context;
  const db = await context.db();
  const sample = await readSample(db, context.secretKey());
  const bidloopUrl = context.pageUrl();
  const followed = followClock({
    bidloopUrl,
    wallNowMs: () => context.wallNowMs(),
    apiToken: config.apiToken,
  });
  const opening = { untilMs: Number.POSITIVE_INFINITY };
  const clock: MarketClock = {
    nowMs: () => {
      const now = followed.nowMs();
      return now === null ? null : Math.min(now, opening.untilMs);
    },
    close: () => followed.close(),
  };
  const sandbox = await startSandbox({
    ...sampleMarket(sample, {
      seed: config.marketSeed,
      stateFolder: path.join(config.dataDir, 'sandbox'),
      bidloopUrl,
    }),
    clock,
    port: config.sandboxPort,
    wallNowMs: () => context.wallNowMs(),
  }).catch((cause: unknown) => {
    throw new OperatorError(
      'port_in_use',
      `the simulated market cannot listen on port ${config.sandboxPort}`,
      {
        next: 'Another program has the port: set BIDLOOP_SANDBOX_PORT.',
        cause,
      },
    );
  });
  reportReady();
  context.note(`simulated market on ${sandbox.url} (no real money)`);
  const stop = askedToStop();
  const stopping = new AbortController();
  const opened = openMarket(db, { context, followed, opening, signal: stopping.signal }).catch(
    (error: unknown) => {
      if (!stopping.signal.aborted) context.note(`the first night could not be run fast: ${String(error)}`);
    },
  );
  await stop;
  stopping.abort();
  await sandbox.close();
  await opened;
}

/**
 * Runs the very first night fast, through real HTTP like everything else, so that the optimizer's first look has a
 * morning's facts to judge; then the clock goes at its usual rate. Taken up again when it was interrupted.
 */
async function openMarket(
  db: Db,
  run: { context: CliContext; followed: FollowedClock; opening: { untilMs: number }; signal: AbortSignal },
): Promise<void> {
  const { context, followed, opening, signal } = run;
  const rate = context.config.marketRate;
  while (followed.nowMs() === null) await sleep(100, undefined, { signal });
  if ((followed.nowMs() ?? SAMPLE_OPENS_MS) < SAMPLE_OPENS_MS) {
    // The market waits at the opening until the clock's new rate is known here too.
    opening.untilMs = SAMPLE_OPENS_MS;
    await setClockRate(db, SAMPLE.workspaceId, Math.max(rate, FAST_RATE), context.wallNowMs());
    await followed.refresh();
    while ((followed.nowMs() ?? 0) < SAMPLE_OPENS_MS) await sleep(20, undefined, { signal });
  }
  if ((await loadClock(db, SAMPLE.workspaceId)).rate !== rate) {
    await setClockRate(db, SAMPLE.workspaceId, rate, context.wallNowMs());
  }
  await followed.refresh();
  opening.untilMs = Number.POSITIVE_INFINITY;
}
