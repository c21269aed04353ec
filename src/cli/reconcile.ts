import { readFileSync } from 'node:fs';
import { buffer as readAll } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { nearestWord } from '../core/nearest-word.ts';
import { decimalFromMicros } from '../core/money.ts';
import type { Difference } from '../core/reconcile/facts.ts';
import { reconcile } from '../core/reconcile/reconcile.ts';
import { sumByReason } from '../core/reconcile/words.ts';
import { dayBounds, isTimeZone } from '../core/zone.ts';
import { loadRecorded, loadRefused } from '../db/reconcile-facts.ts';
import { messageOf, OperatorError } from '../errors.ts';
import type { DateOrder, Field } from '../sources/profile.ts';
import { fieldsOf } from '../sources/profiles/dialect.ts';
import { generic } from '../sources/profiles/generic.ts';
import { sourceProfile } from '../sources/registry.ts';
import { readReport, type Report } from '../sources/report/read-report.ts';
import { decodeReport } from '../sources/report/report-shape.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { type CliContext, UsageError } from './command.ts';
import { knownSource } from './known-source.ts';
import { readDay } from './read-day.ts';

interface Options {
  readonly source: string;
  readonly file: string;
  readonly column: Readonly<Record<string, Field>>;
  readonly zone?: string;
  readonly dateOrder?: DateOrder;
  readonly from?: string;
  readonly to?: string;
  readonly all?: true;
}

const FIELDS = fieldsOf(generic);
const SHOWN = 10;

/** `reconcile`: a sender's own report of conversions beside what is on record, every difference with its reason. */
export function register(program: Command, context: CliContext): void {
  program
    .command('reconcile')
    .description("compare a sender's own report with what is on record, every difference with its reason")
    .requiredOption('--source <source>', 'who sent the postbacks')
    .requiredOption('--file <file>', 'the report: CSV with headings; - reads standard input')
    .option(
      '--column <heading=field>',
      'read a column as this field; may be given several times',
      addColumn,
      {},
    )
    .option('--zone <zone>', "time zone of the report's times that name none; the source's when left out")
    .addOption(
      new Option(
        '--date-order <order>',
        'how 11/12/2026 is meant; found out where the dates tell it',
      ).choices(['ymd', 'mdy', 'dmy']),
    )
    .option('--from <date>', 'first day to compare; the first row of the report when left out')
    .option('--to <date>', 'last day to compare; the last row of the report when left out')
    .option('--all', 'list every difference')
    .addHelpText(
      'after',
      `
Fields: ${FIELDS.join(', ')}.
Rows are read as postbacks of that source would be, so that statuses, amounts and times mean the same on both sides.

Examples:
  ./bidloop reconcile --source shop --file report.csv
  ./bidloop reconcile --source shop --file report.csv --column "Order No=txid" --zone America/New_York --all`,
    )
    .action((options: Options) => run(context, options));
}

function addColumn(text: string, columns: Readonly<Record<string, Field>>): Readonly<Record<string, Field>> {
  const at = text.lastIndexOf('=');
  const [heading, name] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  const field = FIELDS.find((one) => one.toLowerCase() === name.toLowerCase());
  if (at > 0 && heading !== '' && field !== undefined) return { ...columns, [heading]: field };
  const near = nearestWord(name, FIELDS);
  throw new UsageError(
    at > 0
      ? `"${name}" is no field${near === null ? ';' : ` (did you mean ${near}?);`} there are ${FIELDS.join(', ')}`
      : `"${text}" names no field; write --column "Order No=txid"`,
  );
}

async function run(context: CliContext, options: Options): Promise<void> {
  const { db, row: source } = await knownSource(context, options.source);
  const profile = sourceProfile(source.profile) ?? generic;
  const workspace = await db
    .selectFrom('workspace')
    .select('currency')
    .where('id', '=', source.workspace_id)
    .executeTakeFirstOrThrow();
  const stored = readSourceSettings(source.settings, workspace.currency);
  const settings = {
    ...stored,
    ...(options.zone === undefined ? {} : { zone: readZone(options.zone) }),
    ...(options.dateOrder === undefined ? {} : { dateOrder: options.dateOrder }),
  };
  const zone = settings.zone ?? profile.zone;
  const report = readReport(await readFile(options.file), {
    sourceId: source.id,
    profile,
    settings,
    columns: options.column,
    nowMs: await context.nowMs(source.workspace_id),
  });
  if (!report.ok)
    throw new OperatorError('unreadable_report', `${options.file}: ${report.message}`, {
      next: 'Export the report as CSV with one line of headings.',
    });
  const { fromMs, toMs } = stretch(report, options, zone);
  const rows = report.rows.filter(({ atMs }) => atMs === null || (atMs >= fromMs && atMs <= toMs));
  const question = { sourceId: source.id, fromMs, toMs, reported: rows };
  const result = reconcile({
    reported: rows,
    recorded: await loadRecorded(db, question),
    refused: await loadRefused(db, question),
    fromMs,
    toMs,
    sourceSinceMs: source.created_at.getTime(),
  });
  const reasons = sumByReason(result);
  context.print(
    {
      source: source.id,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      columns: Object.fromEntries(report.columns),
      rows: rows.length,
      agreed: result.agreed,
      notes: report.notes,
      unread: report.unread,
      reasons: reasons.map(({ reason, count, amounts }) => ({
        reason,
        count,
        amounts: Object.fromEntries(
          Object.entries(amounts).map(([currency, sum]) => [currency, decimalFromMicros(sum)]),
        ),
      })),
      differences: result.differences.map(view),
    },
    [
      `${rows.length} conversions of the report, ${result.agreed} agree with what is on record.`,
      ...told(report),
      ...reasons.flatMap(({ text, next }) => [`  ${text}`, `    → ${next}`]),
      ...listed(result.differences, options.all === true),
    ].join('\n'),
  );
}

async function readFile(file: string): Promise<string> {
  if (file === '-') return decodeReport(await readAll(process.stdin));
  try {
    return decodeReport(readFileSync(file));
  } catch (error) {
    throw new OperatorError('unreadable_file', `${file}: ${messageOf(error)}`, {
      next: 'Name the file of the report, or - for standard input.',
    });
  }
}

function readZone(zone: string): string {
  if (isTimeZone(zone)) return zone;
  throw new UsageError(`"${zone}" is no time zone; write one such as America/New_York or UTC`);
}

/** From the first row of the report to its last, or whole days that were named. */
function stretch(
  { rows, columns, notes }: Report & { readonly ok: true },
  { from, to }: Options,
  zone: string,
): { readonly fromMs: number; readonly toMs: number } {
  const times = rows.flatMap(({ atMs }) => (atMs === null ? [] : [atMs]));
  const day = (text: string) => dayBounds(readDay(text), zone);
  if (times.length === 0 && (from === undefined || to === undefined))
    throw new OperatorError('no_times', 'no column of the report was read as a time', {
      next: [
        ...notes,
        `Its headings are: ${[...columns.keys()].join(', ')}. Name one with --column "Heading=eventTime", or the days with --from and --to.`,
      ].join(' '),
    });
  return {
    fromMs: from === undefined ? times.reduce((a, b) => Math.min(a, b), Infinity) : day(from).startMs,
    toMs: to === undefined ? times.reduce((a, b) => Math.max(a, b), -Infinity) : day(to).endMs - 1,
  };
}

function told(report: Report & { readonly ok: true }): readonly string[] {
  const unused = [...report.columns].filter(([, field]) => field === null).map(([heading]) => heading);
  const [first] = report.unread;
  return [
    ...report.notes.map((note) => `  ${note}`),
    ...(first === undefined
      ? []
      : [
          `  ${report.unread.length} rows could not be read, the first in line ${first.line}: ${first.message}`,
        ]),
    ...(unused.length === 0 ? [] : [`  Columns that were not read: ${unused.join(', ')}.`]),
  ];
}

function listed(differences: readonly Difference[], all: boolean): readonly string[] {
  if (differences.length === 0) return [];
  const shown = all ? differences : differences.slice(0, SHOWN);
  const left = differences.length - shown.length;
  return [
    '',
    ...shown.map((one) => {
      const id = one.reported?.txid ?? one.reported?.clickId ?? one.recorded?.txid ?? one.recorded?.id ?? '';
      const line = one.reported === null ? 'on record' : `line ${one.reported.line}`;
      return `  ${line}: ${id} – ${one.reason.replaceAll('_', ' ')}: ${one.detail}`;
    }),
    ...(left === 0 ? [] : [`  and ${left} more (--all)`]),
  ];
}

function view({ reason, detail, reported, recorded }: Difference) {
  return {
    reason,
    detail,
    line: reported?.line ?? null,
    txid: reported?.txid ?? recorded?.txid ?? null,
    clickId: reported?.clickId ?? recorded?.clickIds[0] ?? null,
    conversion: recorded?.id ?? null,
  };
}
