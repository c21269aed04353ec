import { quantile } from 'simple-statistics';
import { tableText } from './realdata/backtest.ts';
import { LAGS, type ReportLag, withLag } from './stoploss/networks.ts';
import { estimating, polling } from './stoploss/policies.ts';
import { reportsOf } from './stoploss/reports.ts';
import { DAY_MS, makeWorld, MINUTE_MS, spentAt, START_MS, type World } from './stoploss/world.ts';

/**
 * Money past the line: what an ad spends beyond a daily stop-loss until its pause holds, by rules that look when visits
 * come and estimate what the network has not reported, beside polling of reported spend. On the simulated market, through
 * decide(), with each network's reporting lag. The last line is JSON.
 */
const HELP = `npm run bench -- stoploss [--ads 200] [--days 3] [--seed 1] [--line 60] [--reaction-ms 2000] [--drift 0.3] [--lag google=60-180]

  --reaction-ms  from a visit to the write at the network: what "npm run bench -- loop" measures from a postback to the
                 write (median about 1 s), and a second for the click's own way into the inbox and a slow network
  --drift        log-sd of each ad's click price from hour to hour in the harder of the two markets
  --lag          a network's reporting lag in minutes; may be repeated`;

interface Options {
  readonly ads: number;
  readonly days: number;
  readonly seed: number;
  readonly line: number;
  readonly reactionMs: number;
  readonly drift: number;
  readonly lags: readonly ReportLag[];
}

const POLL_MS = 30 * MINUTE_MS;

const options = readArguments(process.argv.slice(3).filter((arg) => arg !== '--'));
if (options !== null) await run(options);

async function run({ ads, days, seed, line, reactionMs, drift, lags }: Options): Promise<void> {
  console.log(
    `${ads} ads, ${days} days after a day to learn prices, line $${line} a day, reaction ${reactionMs} ms; polling every ${POLL_MS / MINUTE_MS} min acts at once`,
  );
  const results: Record<string, Result> = {};
  for (const [market, priceDrift] of [
    ['sample market', 0],
    [`click prices drift (log-sd ${drift} an hour)`, drift],
  ] as const) {
    const world = makeWorld({ seed, ads, days: days + 1, lineMicros: line * 1e6, priceDrift });
    const rows: (string | number)[][] = [];
    const pooled: Measured = { ours: [], polled: [], early: 0, shorts: [], idle: 0, adDays: 0 };
    let worst: (Summary & { readonly network: string }) | null = null;
    for (const lag of lags) {
      const one = await measure(world, lag, { seed, line, reactionMs });
      const found = summary(one);
      const { p50, p95, polled50, polled95, ratio } = found;
      if (worst === null || ratio > worst.ratio) worst = { ...found, network: lag.network };
      pooled.ours.push(...one.ours);
      pooled.polled.push(...one.polled);
      pooled.shorts.push(...one.shorts);
      pooled.early += one.early;
      pooled.idle += one.idle;
      pooled.adDays += one.adDays;
      rows.push([
        `${lag.network}${lag.verified ? '' : ' *'}`,
        `${lag.fromMinutes}–${lag.toMinutes} min`,
        one.ours.length,
        dollars(p50),
        dollars(p95),
        dollars(polled50),
        dollars(polled95),
        ratio,
        `${((one.early / one.ours.length) * 100).toFixed(0)} %`,
        dollars(one.shorts.length === 0 ? 0 : quantile(one.shorts, 0.95)),
      ]);
    }
    if (worst !== null) results[market] = { worst, pooledRatio: summary(pooled).ratio, pooled };
    console.log(
      `\n${tableText({
        caption: market,
        columns: [
          'network',
          'reports late by',
          'ad-days over the line',
          'past the line p50',
          'p95',
          'polling p50',
          'p95',
          'ratio of p95',
          'stopped short of it',
          'short by p95',
        ],
        rows,
      })}`,
    );
    console.log(
      `Stopped on days that would have stayed under the line: ${pooled.idle} of ${pooled.adDays - pooled.ours.length}.`,
    );
  }
  console.log(
    '\n* lag not verified: a setting. The figures of the last line are those of the network with the worst ratio in the sample market; pooledRatio takes all networks together, hard… the market with drifting prices.',
  );
  const [plain, hard] = Object.values(results);
  if (plain === undefined || hard === undefined) return;
  const { worst } = plain;
  console.log(
    JSON.stringify({
      network: worst.network,
      p50Micros: Math.round(worst.p50),
      p95Micros: Math.round(worst.p95),
      pollingP50Micros: Math.round(worst.polled50),
      pollingP95Micros: Math.round(worst.polled95),
      ratio: Number(worst.ratio.toFixed(3)),
      pooledRatio: Number(plain.pooledRatio.toFixed(3)),
      hardRatio: Number(hard.worst.ratio.toFixed(3)),
      hardPooledRatio: Number(hard.pooledRatio.toFixed(3)),
      stops: plain.pooled.ours.length,
      stoppedShort: Number((plain.pooled.early / plain.pooled.ours.length).toFixed(3)),
    }),
  );
}

interface Measured {
  /** Micros past the line on each ad-day that would have crossed it. */
  readonly ours: number[];
  readonly polled: number[];
  /** Micros by which a stop came before the line. */
  readonly shorts: number[];
  early: number;
  /** Stops on days that would never have reached the line. */
  idle: number;
  adDays: number;
}

interface Summary {
  readonly p50: number;
  readonly p95: number;
  readonly polled50: number;
  readonly polled95: number;
  readonly ratio: number;
}

interface Result {
  readonly worst: Summary & { readonly network: string };
  readonly pooledRatio: number;
  readonly pooled: Measured;
}

function summary({ ours, polled }: Measured): Summary {
  if (ours.length === 0) return { p50: NaN, p95: NaN, polled50: NaN, polled95: NaN, ratio: NaN };
  const [p95, polled95] = [quantile(ours, 0.95), quantile(polled, 0.95)];
  return { p50: quantile(ours, 0.5), p95, polled50: quantile(polled, 0.5), polled95, ratio: p95 / polled95 };
}

async function measure(
  world: World,
  lag: ReportLag,
  { seed, line, reactionMs }: Pick<Options, 'seed' | 'line' | 'reactionMs'>,
): Promise<Measured> {
  const reports = reportsOf(lag, seed);
  const ours = estimating(world, reports, { line, reactionMs });
  const found: Measured = { ours: [], polled: [], shorts: [], early: 0, idle: 0, adDays: 0 };
  for (let day = 1; day < world.days; day += 1) {
    const dayStartMs = START_MS + day * DAY_MS;
    for (const [index, ad] of world.ads.entries()) {
      found.adDays += 1;
      const spentBy = (atMs: number | null): number =>
        spentAt(ad, Math.min(atMs ?? Infinity, dayStartMs + DAY_MS)) - spentAt(ad, dayStartMs);
      const stoppedMs = await ours(index, dayStartMs);
      if (spentBy(null) < line * 1e6) {
        if (stoppedMs !== null) found.idle += 1;
        continue;
      }
      // The poll's phase differs from ad to ad as it would from tool to tool.
      const phaseMs = ((index * 7 + day * 3) % 30) * MINUTE_MS;
      const polledMs = polling(world, reports, { line, everyMs: POLL_MS, phaseMs })(index, dayStartMs);
      const past = spentBy(stoppedMs) - line * 1e6;
      found.ours.push(Math.max(0, past));
      found.polled.push(Math.max(0, spentBy(polledMs) - line * 1e6));
      if (past < 0) {
        found.early += 1;
        found.shorts.push(-past);
      }
    }
  }
  return found;
}

function dollars(amountMicros: number): string {
  return `$${(amountMicros / 1e6).toFixed(2)}`;
}

function readArguments(args: readonly string[]): Options | null {
  const numbers: Record<string, number> = {
    '--ads': 200,
    '--days': 3,
    '--seed': 1,
    '--line': 60,
    '--reaction-ms': 2_000,
    '--drift': 0.3,
  };
  let lags = LAGS;
  for (let index = 0; index < args.length; index += 2) {
    const [name = '', value = ''] = [args[index], args[index + 1]];
    const number = Number(value);
    const replaced = name === '--lag' ? withLag(lags, value) : null;
    if (replaced !== null) lags = replaced;
    else if (numbers[name] !== undefined && value !== '' && number >= 0) numbers[name] = number;
    else {
      console.log(HELP);
      if (name !== '--help') {
        console.error(`\n"${[name, value].join(' ').trim()}" is not understood`);
        process.exitCode = 2;
      }
      return null;
    }
  }
  return {
    ads: numbers['--ads'] ?? 0,
    days: numbers['--days'] ?? 0,
    seed: numbers['--seed'] ?? 0,
    line: numbers['--line'] ?? 0,
    reactionMs: numbers['--reaction-ms'] ?? 0,
    drift: numbers['--drift'] ?? 0,
    lags,
  };
}
