import type { AppleOutcomeKind } from '../core/apple/outcome-kinds.ts';
import type { AppleAppReport, AppleLine } from '../core/apple/report.ts';
import type { AppleTally, ValueCounts } from '../core/apple/tally.ts';
import { formatMoney, micros } from '../core/money.ts';
import type { AppleApp } from '../db/apple-apps.ts';
import type { AppleReceived } from '../db/apple-report.ts';

const WORDS: Readonly<Record<AppleOutcomeKind, string>> = {
  counts: 'count',
  not_winning: 'won by another network',
  dev_signature: 'from phones in developer mode',
  other_app: 'about apps not named here',
  repeat: 'repeats',
  conflict: 'with the id of another and other content',
  bad_signature: 'not signed by Apple',
  unverifiable: 'cannot be checked',
  not_apple: 'no postback of Apple’s',
  refused: 'not read',
};

/** The report for a person: what came, then each app's networks and identifiers. */
export function appleText(
  reports: readonly AppleAppReport[],
  received: readonly AppleReceived[],
  apps: readonly AppleApp[],
  since: string,
): string {
  const all = received.reduce((sum, one) => sum + one.postbacks, 0);
  if (all === 0)
    return `Nothing came from Apple in the last ${since}. Devices report to https://<your domain>/.well-known/skadnetwork/report-attribution/ and …/appattribution/report-attribution/, days after the install.`;
  const known = new Map(apps.map((app) => [app.appId, app]));
  return [
    `${plural(all, 'request')} in the last ${since}:`,
    ...received.map(
      ({ outcome, reason, postbacks }) =>
        `  ${postbacks} (${percent(postbacks / all)}) ${WORDS[outcome]}${reason === null ? '' : `: ${reason}`}`,
    ),
    ...reports.flatMap((one) => ['', ...appLines(one, known.get(one.appId))]),
  ].join('\n');
}

function appLines(report: AppleAppReport, app: AppleApp | undefined): string[] {
  const currency = app?.settings.values?.currency ?? null;
  return [
    `${app?.name ?? 'App'} (${report.appId}): ${tallyWords(report.total, currency)}`,
    ...report.networks.flatMap((network) => [
      `  ${network.adNetworkId}: ${tallyWords(network.total, currency)}`,
      ...network.lines.flatMap((line) => groupLines(line, currency, 4)),
    ]),
  ];
}

function groupLines(line: AppleLine, currency: string | null, indent: number): string[] {
  const name = line.identifiedBy === 'campaign' ? `campaign id ${line.identifier}` : line.identifier;
  const campaign = line.campaign === null ? '' : ` ${line.campaign}`;
  return [
    `${' '.repeat(indent)}${name}${campaign}: ${tallyWords(line.total, currency)}`,
    ...line.finer.flatMap((finer) => groupLines(finer, currency, indent + 2)),
  ];
}

function tallyWords(tally: AppleTally, currency: string | null): string {
  const { installs, reinstalls, reEngagements, windows, values, valued, revenueMicros } = tally;
  const first = installs + reinstalls + reEngagements;
  const parts = [
    plural(installs, 'install'),
    ...(reinstalls === 0 ? [] : [plural(reinstalls, 'reinstall')]),
    ...(reEngagements === 0 ? [] : [plural(reEngagements, 're-engagement')]),
    ...(windows[1] + windows[2] === 0
      ? []
      : [`${plural(windows[1], 'report')} of days 3–7, ${windows[2]} of days 8–35`]),
    ...values.flatMap((counts, window) => valueWords(counts, window)),
    ...(currency === null
      ? []
      : [
          `${formatMoney(micros(revenueMicros), currency)} by values (${valued} of ${first} first reports mapped)`,
        ]),
  ];
  return parts.join(', ');
}

const WINDOWS = ['values', 'values of days 3–7', 'values of days 8–35'];

/** "values 63 ×12, high ×3": the most frequent five. */
function valueWords(counts: ValueCounts, window: number): string[] {
  const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  if (sorted.length === 0 || (sorted.length === 1 && sorted[0]?.[0] === 'none')) return [];
  const shown = sorted.slice(0, 5).map(([word, count]) => `${word} ×${count}`);
  const rest = sorted.slice(5).reduce((sum, [, count]) => sum + count, 0);
  return [`${WINDOWS[window] ?? ''} ${[...shown, ...(rest === 0 ? [] : [`others ×${rest}`])].join(' ')}`];
}

const plural = (count: number, word: string): string => `${count} ${count === 1 ? word : `${word}s`}`;
const percent = (part: number): string => `${Number((part * 100).toPrecision(2))} %`;
