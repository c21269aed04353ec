import type { Learned, LearnedFrom } from '../core/learned.ts';
import { formatMoney, micros, MICROS_PER_UNIT } from '../core/money.ts';
import { arrived } from '../core/statistics/delay-curve.ts';
import type { LearnedAccount, LearnedOfEvent } from '../db/learning/report.ts';
import { outageWords } from '../db/learning/watch.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const AGES = [
  ['1 h', HOUR_MS],
  ['1 d', DAY_MS],
  ['7 d', 7 * DAY_MS],
] as const;

const FROM: Readonly<Record<LearnedFrom, string>> = {
  campaign: 'the campaign',
  account: 'the account',
  default: "the engine's default",
};

/** What was learned of one account, for a person. @param clock an instant as the account's own time. */
export function learnedText(report: LearnedAccount, clock: (ms: number) => string): string {
  const { account, events } = report;
  const lines = [`${account.name} (${account.id})`];
  if (events.length === 0)
    lines.push(
      account.trackingSinceMs === null
        ? '  Nothing is learned yet: no click or conversion of it has been tracked. The engine expects slow conversions meanwhile.'
        : '  Nothing is learned yet: it has no conversion. The engine expects slow conversions meanwhile.',
    );
  for (const event of events) lines.push(...eventLines(event, account.currency, clock));
  lines.push(...pulseLines(report, clock));
  return lines.join('\n');
}

function eventLines(event: LearnedOfEvent, currency: string, clock: (ms: number) => string): string[] {
  const { learned } = event;
  const { prior, orders, trial } = learned;
  const money = (major: number) => formatMoney(micros(Math.round(major * MICROS_PER_UNIT)), currency);
  const lines = [
    `  ${learned.event}, learned ${clock(learned.learnedAtMs)}`,
    `    delays      ${curveWords(learned)}`,
    prior === null
      ? '    rate        not known yet: it takes five ads with whole days of spend, and a conversion; a wide guess around the target stands in'
      : `    rate        ads of this account pay ${money(prior.b / prior.a)} a conversion, before their own facts speak; worth ${prior.a.toFixed(1)} conversions, from ${prior.siblings} ads`,
  ];
  if (orders !== null)
    lines.push(
      `    orders      ${money(orders.mean)} on average of ${orders.orders}; counted up to ${money(orders.cap)} each, which leaves ${percent(orders.cappedShare)} of revenue; ${money(orders.kappa)} are as much evidence as one conversion`,
    );
  if (trial !== null)
    lines.push(
      `    trial       ${trial.paid} of ${trial.trials} old enough led to ${trial.paidEvent} at ${money(trial.price)}: worth ${money(trial.rate * trial.price)} each`,
    );
  if (learned.dispersion > 1.05)
    lines.push(`    clustering  ${learned.dispersion.toFixed(2)}: evidence counts that much less`);
  for (const campaign of event.campaigns) lines.push(`    ${campaign.name}: ${curveWords(campaign.learned)}`);
  return lines;
}

/** "62 % within 1 h, 85 % within 1 d, 97 % within 7 d, all within 30 d (812 conversions of the account)". */
function curveWords({ curve }: Learned): string {
  const windowMs = curve.agesMs.at(-1) ?? 0;
  const shares = AGES.filter(([, ms]) => ms < windowMs).map(
    ([words, ms]) => `${percent(arrived(curve, ms, 'share'))} within ${words}`,
  );
  const all = `all within ${windowMs < 2 * DAY_MS ? `${Math.round(windowMs / HOUR_MS)} h` : `${Math.round(windowMs / DAY_MS)} d`}`;
  const source =
    curve.from === 'default'
      ? FROM.default
      : `${Math.round(curve.conversions)} conversions of ${FROM[curve.from]}`;
  return `${[...shares, all].join(', ')} (${source})`;
}

function pulseLines({ pulse, outages }: LearnedAccount, clock: (ms: number) => string): string[] {
  const lines: string[] = [];
  const open = outages.find((outage) => outage.endedAtMs === null);
  if (open !== undefined)
    lines.push(
      `  outage        since ${clock(open.startedAtMs)}: ${outageWords(pulse ?? { ...open, hours: Math.max(1, Math.round((open.detectedAtMs - open.startedAtMs) / HOUR_MS)) })}; nothing is decided by conversions until they are back`,
    );
  else if (pulse !== null)
    lines.push(
      `  pulse         ${pulse.seen} conversions in the last ${pulse.hours} h where ${pulse.expected.toFixed(1)} were due`,
    );
  for (const outage of outages)
    if (outage.endedAtMs !== null)
      lines.push(
        `  left out      ${clock(outage.startedAtMs)} to ${clock(outage.endedAtMs)}: no conversions were delivered`,
      );
  return lines;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
