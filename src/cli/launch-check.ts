import type { Command } from 'commander';
import type { Selectable } from 'kysely';
import { renderUnicodeCompact } from 'uqr';
import { nearestWord } from '../core/nearest-word.ts';
import { type ClickFlag, loadClickFlags } from '../db/click-flags.ts';
import type { Db } from '../db/connection.ts';
import { type AdIds, adToVisit, type SeenEvent, seenEvents } from '../db/launch-facts.ts';
import { findLink, listLinks } from '../db/links.ts';
import { loadPostbackErrors, type PostbackError } from '../db/postback-errors.ts';
import { loadCurrentStrategies } from '../db/strategy.ts';
import type { LinkTable } from '../db/tables.ts';
import { OperatorError } from '../errors.ts';
import { clickAdvice, errorAdvice } from '../sources/advice.ts';
import { checkTemplate } from '../sources/explain/check-template.ts';
import { snippets } from '../sources/snippets.ts';
import { type CliContext, UsageError } from './command.ts';
import { knownSource } from './known-source.ts';
import { followVisit } from './launch-follow.ts';
import { addressOf as linkAddressOf } from './link.ts';
import { clickLines } from './postback-errors.ts';
import { addressOf, profileOf, shownKeyOf } from './source-address.ts';

const DAY_MS = 86_400_000;

interface Options {
  readonly source: string;
  readonly link?: string;
  readonly wait: boolean;
  readonly minutes: string;
}

/** `launch-check`: everything to look at on the day before a campaign starts, and one visit followed through on a live device. */
export function register(program: Command, context: CliContext): void {
  program
    .command('launch-check')
    .description(
      'the day before launch: events, macros, errors, and one visit followed from click to conversion',
    )
    .requiredOption('--source <source>', 'who will send the postbacks')
    .option('--link <link>', 'the link that ads will carry: prints a QR code and waits for a visit with it')
    .option('--no-wait', 'print and end; as --json always does')
    .option('--minutes <n>', 'how long to wait for the visit and its conversion', '15')
    .addHelpText(
      'after',
      `
Examples:
  ./bidloop launch-check --source shop --link shoes
  ./bidloop --json launch-check --source shop`,
    )
    .action((options: Options) => run(context, options));
}

async function run(context: CliContext, options: Options): Promise<void> {
  const minutes = Number(options.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new UsageError(`--minutes ${options.minutes}: write 1 to 1440`);
  const { db, row } = await knownSource(context, options.source);
  const link =
    options.link === undefined ? null : await knownLink(context, db, options.link, row.workspace_id);
  const profile = profileOf(row);
  const address = addressOf(context, row.id, shownKeyOf(context, row), profile);
  const nowMs = await context.nowMs(row.workspace_id);
  const day = { workspaceId: row.workspace_id, fromMs: nowMs - DAY_MS, toMs: nowMs };
  const seen = await seenEvents(db, row.id, nowMs - 30 * DAY_MS);
  const goals = await goalsOf(context, row.workspace_id);
  const errors = await loadPostbackErrors(db, { ...day, sourceId: row.id });
  const odd = link === null ? [] : await loadClickFlags(db, { ...day, linkId: link.row.id });
  const { findings } = checkTemplate(address.url, profile);
  const code = snippets(address.url.split('?', 1)[0] ?? address.url);
  context.print(
    {
      source: row.id,
      url: address.url,
      publiclyReachable: address.remark === null,
      events: seen,
      goals,
      errors: errors.map(({ code: reason, kind, count, detail, sourceId }) => {
        const advice = errorAdvice({ kind, code: reason, sourceId });
        return { kind, code: reason, count, detail, ...advice };
      }),
      findings,
      link: link === null ? null : linkData(link, odd),
      visitUrl: link?.visitUrl ?? null,
      snippets: Object.fromEntries(code.map((one) => [one.language, one.code])),
    },
    [
      `1. Events of the last 30 days from "${row.id}"`,
      ...eventLines(seen, goals),
      '',
      '2. Its address',
      `   ${address.url}`,
      ...(findings.length === 0
        ? ['   Nothing is wrong with its macros.']
        : findings.map(({ weight, message, next }) => `   ${weight}: ${message} ${next}`)),
      ...(address.remark === null ? [] : [`   ${address.remark}`]),
      '',
      '3. Errors of the last 24 hours',
      ...errorLines(errors),
      '',
      '4. For the developer',
      ...code.flatMap((one) => [
        `   ${one.language}:`,
        ...one.code.split('\n').map((line) => `     ${line}`),
        '',
      ]),
      ...(link === null
        ? ['Name a link with --link to follow one visit from click to conversion.']
        : linkLines(link, odd)),
    ].join('\n'),
  );
  if (link === null || !options.wait || context.json) return;
  await followVisit(context, {
    sourceId: row.id,
    workspaceId: row.workspace_id,
    linkId: link.row.id,
    untilWallMs: context.wallNowMs() + minutes * 60_000,
  });
}

interface CheckedLink {
  readonly row: Selectable<LinkTable>;
  /** As the ad carries it, with the network's macros. */
  readonly whole: string;
  readonly ad: AdIds | null;
  /** As a trial visit opens it: an ad's ids in the place of its macros. */
  readonly visitUrl: string;
}

/** @throws OperatorError when there is no such link, or its clicks can never meet the source's postbacks. */
async function knownLink(context: CliContext, db: Db, id: string, workspaceId: string): Promise<CheckedLink> {
  const row = await findLink(db, id);
  if (row === undefined) {
    const near = nearestWord(
      id,
      (await listLinks(db)).map((one) => one.id),
    );
    throw new OperatorError(
      'unknown_link',
      `there is no link "${id}"${near === null ? '' : `; did you mean "${near}"?`}`,
      { next: '`./bidloop link list` names them all.' },
    );
  }
  if (row.workspace_id !== workspaceId)
    throw new OperatorError(
      'other_workspace',
      `the link "${id}" is of workspace ${row.workspace_id} and the source of ${workspaceId}: its clicks never meet that source's postbacks`,
      { next: 'Name a link and a source of one workspace.' },
    );
  const { url, whole } = linkAddressOf(context, row.id, row.network);
  const ad = row.account_id === null ? null : ((await adToVisit(db, row.account_id)) ?? null);
  const ids = new URLSearchParams();
  for (const name of ['campaign_id', 'adset_id', 'ad_id'] as const) {
    const value = ad?.[name];
    if (typeof value === 'string') ids.set(name, value);
  }
  return { row, whole, ad, visitUrl: ids.size === 0 ? url : `${url}?${ids.toString()}` };
}

/** Why a visit would be credited to no ad; null where it would be to one. */
function adRemark({ row, ad }: CheckedLink): string | null {
  if (row.account_id === null)
    return `The link belongs to no ad account: its conversions count once one that has these ads is connected (./bidloop account add ${row.network} …).`;
  if (ad === null)
    return `No ad of ${row.account_id} is known yet: conversions count after its next sync (./bidloop account show ${row.account_id}).`;
  return null;
}

function linkData(link: CheckedLink, odd: readonly ClickFlag[]): object {
  return {
    id: link.row.id,
    url: link.whole,
    visitAs: link.ad,
    remark: adRemark(link),
    oddClicks: odd.map(({ flag, count }) => ({ flag, count, ...clickAdvice(flag, link.row.id) })),
  };
}

function linkLines(link: CheckedLink, odd: readonly ClickFlag[]): readonly string[] {
  const remark = adRemark(link);
  return [
    '5. The link, as the ad carries it',
    `   ${link.whole}`,
    ...(remark === null ? [] : [`   ${remark}`]),
    ...(odd.length === 0
      ? ['   Nothing was odd about its clicks of the last 24 hours.']
      : ['   Clicks of the last 24 hours:', ...odd.flatMap(clickLines)]),
    '',
    `6. A visit${link.ad === null ? '' : ` as from the ad ${link.ad.name}`}: open this with the device`,
    '',
    renderUnicodeCompact(link.visitUrl),
    '',
    `   ${link.visitUrl}`,
  ];
}

/** Event → the strategies in force that count it. */
async function goalsOf(
  context: CliContext,
  workspaceId: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const goals: Record<string, string[]> = {};
  for (const { compiled } of await loadCurrentStrategies(await context.db(), workspaceId)) {
    const events = new Set([
      ...compiled.needs.events,
      ...(compiled.autopilot === null ? [] : [compiled.autopilot.event]),
    ]);
    // "*" counts whatever comes.
    for (const event of events) if (event !== '*') (goals[event] ??= []).push(compiled.name);
  }
  return goals;
}

function eventLines(
  seen: readonly SeenEvent[],
  goals: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const missing = Object.keys(goals).filter((event) => !seen.some((one) => one.event === event));
  return [
    ...seen.map(({ event, conversions, counted, valued, last }) => {
      const by = goals[event];
      const use = by === undefined ? 'no strategy counts it' : `counted by ${by.join(', ')}`;
      return `   ${event}: ${conversions}, ${counted} counted, ${valued} with an amount, last ${last.toISOString()}; ${use}`;
    }),
    ...(seen.length === 0 ? ['   None has come yet.'] : []),
    ...missing.map((event) => `   ${event}: none, and ${goals[event]?.join(', ')} waits for it`),
  ];
}

const KINDS: Readonly<Record<PostbackError['kind'], string>> = {
  refused: 'refused',
  not_counted: 'not counted',
  warning: 'odd',
};

function errorLines(errors: readonly PostbackError[]): readonly string[] {
  if (errors.length === 0) return ['   None.'];
  return errors.flatMap(({ kind, code, count, detail, sourceId }) => {
    const { what, next } = errorAdvice({ kind, code, sourceId });
    return [
      `   ${count} × ${KINDS[kind]}, ${code}: ${kind === 'refused' && detail !== null && detail !== '' ? detail : what}`,
      ...(next === '' ? [] : [`     → ${next}`]),
    ];
  });
}
