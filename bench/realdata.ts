import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { avito } from './realdata/avito.ts';
import { type Backtest, type Outcome, rounded, tableText } from './realdata/backtest.ts';
import { DATA_VARIABLE, findDataFolder, readDataFile } from './realdata/data-folder.ts';
import { display } from './realdata/display.ts';
import { hillstrom } from './realdata/hillstrom.ts';
import { ipinyou } from './realdata/ipinyou.ts';
import { kag } from './realdata/kag.ts';
import { cdnow, tickets } from './realdata/orders.ts';
import { olist } from './realdata/olist.ts';
import { talkingdata } from './realdata/talkingdata.ts';
import { zozo } from './realdata/zozo.ts';

/**
 * Backtests of the statistics on real data. The data is third-party and not part of the project; without it there is
 * nothing to measure, which is said and is no failure. The last line is JSON.
 */
const BACKTESTS: readonly Backtest[] = [
  olist,
  display,
  kag,
  cdnow,
  tickets,
  hillstrom,
  talkingdata,
  zozo,
  ipinyou,
  avito,
];

const HELP = `npm run bench -- realdata [--only olist,display,…] [--report]

Backtests on real data, each beside the figure of a first analysis: ${BACKTESTS.map((one) => one.name).join(', ')}.
The data is third-party and not part of the project. It is looked for in the folder that ${DATA_VARIABLE} names, else in a
folder "data" beside the checkout.

  --only a,b   only these
  --report     writes docs/real-data.md too`;

const args = process.argv.slice(3).filter((arg) => arg !== '--');
const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '').split(',') : null;
const unknown = [
  ...args.filter(
    (arg, index) => !['--help', '--only', '--report'].includes(arg) && args[index - 1] !== '--only',
  ),
  ...(only ?? []).filter((name) => !BACKTESTS.some((one) => one.name === name)),
];

if (args.includes('--help')) {
  console.log(HELP);
} else if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}\n\n${HELP}`);
  process.exitCode = 2;
} else {
  runAll();
}

function runAll(): void {
  const checkout = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  const folder = findDataFolder(
    checkout,
    process.env,
    BACKTESTS.map((one) => one.folder),
  );
  if (folder === null) {
    console.log(
      `No data found: set ${DATA_VARIABLE} to the folder that holds ${BACKTESTS[0]?.folder ?? ''} and the others. Nothing was measured.`,
    );
    console.log(JSON.stringify({ skipped: BACKTESTS.map((one) => one.name) }));
    return;
  }
  const done: { readonly backtest: Backtest; readonly outcome: Outcome; readonly seconds: number }[] = [];
  const skipped: string[] = [];
  for (const backtest of BACKTESTS) {
    if (only !== null && !only.includes(backtest.name)) continue;
    const texts = new Map(backtest.files.map((file) => [file, readDataFile(folder, backtest.folder, file)]));
    const missing = backtest.files.filter((file) => texts.get(file) === null);
    if (missing.length > 0) {
      console.log(`\n## ${backtest.title}\n\nskipped: ${backtest.folder}/${missing.join(', ')} is not there`);
      skipped.push(backtest.name);
      continue;
    }
    const startedAt = performance.now();
    const outcome = backtest.run((file) => texts.get(file) ?? '');
    const seconds = (performance.now() - startedAt) / 1_000;
    done.push({ backtest, outcome, seconds });
    console.log(`\n${section(backtest, outcome)}\n\n(${seconds.toFixed(1)} s)`);
  }
  if (args.includes('--report')) {
    const file = path.join(checkout, 'docs', 'real-data.md');
    writeFileSync(file, report(done));
    console.log(`\nwrote ${path.relative(checkout, file)}`);
  }
  const figures = Object.fromEntries(
    done.map(({ backtest, outcome }) => [
      backtest.name,
      Object.fromEntries(Object.entries(outcome.figures).map(([key, value]) => [key, rounded(value)])),
    ]),
  );
  console.log(JSON.stringify(skipped.length === 0 ? figures : { ...figures, skipped }));
}

function section(backtest: Backtest, { tables, shows }: Outcome): string {
  return [
    `## ${backtest.title}`,
    `Data: ${backtest.folder}.`,
    ...tables.map(tableText),
    shows.map((sentence) => `- ${sentence}`).join('\n'),
  ].join('\n\n');
}

function report(done: readonly { readonly backtest: Backtest; readonly outcome: Outcome }[]): string {
  return [
    '# The statistics on real data',
    `Written by \`npm run bench -- realdata -- --report\`; not edited by hand. What the simulated market of
\`npm run bench -- quality\` shows rests on a model; these backtests ask the same statistics about data that
nobody simulated. None of it can show a pause's effect on an account: nobody paused anything by Bidloop in these data.
Figures of a first, independent analysis of the same files stand beside.`,
    `The data sets are third-party, under terms of their own, and not part of the project: set \`${DATA_VARIABLE}\` to a folder
that holds them.`,
    ...done.map(({ backtest, outcome }) => section(backtest, outcome)),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}
