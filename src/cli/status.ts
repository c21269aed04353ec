import type { Command } from 'commander';
import { sql } from 'kysely';
import { connect } from '../db/connection.ts';
import { listFailing } from '../db/forwarding/log.ts';
import { listOpenOutages, type OpenOutage } from '../db/learning/watch.ts';
import { listUnusualSpend, type UnusualSpend } from '../db/spend-watch.ts';
import { messageOf, OperatorError } from '../errors.ts';
import { checkDatabase } from '../runtime/check-database.ts';
import { readRunFile, stillRuns } from '../runtime/run-file.ts';
import { readStatus, type Status } from '../runtime/status-file.ts';
import type { CliContext } from './command.ts';
import { databaseUrl, temporalAddress } from './context.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('what runs, on which ports, and how far judging is behind')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop status\n  ./bidloop status --json\n\nExit code 1 when the database cannot be reached.',
    )
    .action(async () => {
      const report = await collect(context);
      context.print(report, describe(report));
      if (report.database.state !== 'running') process.exitCode = 1;
    });
}

interface Report {
  readonly version: string;
  readonly node: string;
  readonly dataDir: string;
  /** Process id of `up`, when it runs on this data directory. */
  readonly up: number | null;
  readonly parts: Status['parts'];
  readonly optimizer: Status['optimizer'] | null;
  readonly links: Status['links'];
  readonly temporalAddress: string;
  readonly database: DatabaseReport;
}

interface DatabaseReport {
  readonly state: 'running' | 'unreachable';
  readonly detail: string;
  readonly version: string | null;
  readonly sizeBytes: number | null;
  /** Postbacks kept and not yet judged. */
  readonly waitingPostbacks: number | null;
  /** Accounts whose conversions fail to arrive, with what is known of it. */
  readonly outages: readonly OpenOutage[];
  /** Accounts that spend far more just now than at this time of earlier weeks. */
  readonly unusualSpend: readonly UnusualSpend[];
  /** Destinations that postbacks out do not reach. */
  readonly failingDestinations: readonly { readonly destination: string; readonly words: string }[];
}

async function collect(context: CliContext): Promise<Report> {
  const { config } = context;
  const run = readRunFile(config.dataDir);
  const supervisor = run?.supervisor ?? null;
  const up = supervisor !== null && stillRuns(supervisor) ? supervisor.pid : null;
  const status = up === null ? null : readStatus(config.dataDir);
  return {
    version: await ownVersion(),
    node: process.versions.node,
    dataDir: config.dataDir,
    up,
    parts: status?.parts ?? [],
    optimizer: status?.optimizer ?? null,
    links: status?.links ?? { page: null, temporalUi: null },
    temporalAddress: temporalAddress(config),
    database: await lookAtDatabase(context),
  };
}

async function lookAtDatabase(context: CliContext): Promise<DatabaseReport> {
  const none = {
    version: null,
    sizeBytes: null,
    waitingPostbacks: null,
    outages: [],
    unusualSpend: [],
    failingDestinations: [],
  };
  try {
    const url = await databaseUrl(context.config);
    await checkDatabase(url);
    const db = connect({ url, name: 'bidloop status', max: 1 });
    try {
      const { rows } = await sql<{ version: string; size: number; migrated: boolean }>`
        select current_setting('server_version') as version, pg_database_size(current_database()) as size,
          to_regclass('forward') is not null as migrated`.execute(db);
      const row = rows[0];
      const waiting =
        row?.migrated === true
          ? await db
              .selectFrom('inbox')
              .select(({ fn }) => fn.countAll<number>().as('n'))
              .executeTakeFirst()
          : undefined;
      return {
        state: 'running',
        detail: row?.migrated === true ? '' : 'not migrated: run `./bidloop migrate`',
        version: row?.version ?? null,
        sizeBytes: row?.size ?? null,
        waitingPostbacks: waiting?.n ?? null,
        outages: row?.migrated === true ? await listOpenOutages(db) : [],
        unusualSpend: row?.migrated === true ? await listUnusualSpend(db) : [],
        failingDestinations: row?.migrated === true ? await listFailing(db, context.wallNowMs()) : [],
      };
    } finally {
      await db.destroy();
    }
  } catch (error) {
    const next = error instanceof OperatorError ? `\n           ${error.next}` : '';
    return { ...none, state: 'unreachable', detail: `${messageOf(error)}${next}` };
  }
}

function describe(report: Report): string {
  const { database, optimizer } = report;
  const size = database.sizeBytes === null ? '' : `, ${Math.round(database.sizeBytes / 1e6)} MB`;
  const lines = [
    `bidloop ${report.version} on Node ${report.node}, data in ${report.dataDir}`,
    report.up === null
      ? 'up         does not run here (start it with `npm start`)'
      : `up         process ${report.up}`,
    database.state === 'running'
      ? `database   PostgreSQL ${database.version ?? '?'}${size}${database.detail === '' ? '' : `; ${database.detail}`}`
      : `database   ${database.detail}`,
    ...report.parts.flatMap((part) => [
      `${part.name.padEnd(10)} ${part.state}${part.detail === '' ? '' : `: ${part.detail}`}`,
      ...(part.next === '' ? [] : [`           ${part.next}`]),
    ]),
  ];
  // What keeps it is said at the part itself.
  if (optimizer?.state === 'preparing') lines.push(`optimizer  ${optimizer.state}: ${optimizer.text}`);
  if (database.waitingPostbacks !== null)
    lines.push(
      `waiting    ${database.waitingPostbacks} ${database.waitingPostbacks === 1 ? 'postback' : 'postbacks'} not yet judged`,
    );
  for (const { account, name, words } of database.outages)
    lines.push(`outage     ${name} (${account}): ${words}`);
  for (const { account, name, words } of database.unusualSpend)
    lines.push(`spend      ${name} (${account}): ${words}`);
  for (const { destination, words } of database.failingDestinations)
    lines.push(`forward    ${destination}: ${words}`);
  if (report.links.page !== null) lines.push(`page       ${report.links.page}`);
  lines.push(`temporal   ${report.links.temporalUi ?? report.temporalAddress}`);
  return lines.join('\n');
}

async function ownVersion(): Promise<string> {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  return manifest.version;
}
