import type { Command } from 'commander';
import { isTimeZone } from '../core/zone.ts';
import type { Db } from '../db/connection.ts';
import { addWorkspace, isCurrency, removeWorkspace, showWorkspace } from '../db/workspace.ts';
import { listWorkspaces } from '../db/live-table.ts';
import { OperatorError } from '../errors.ts';
import { nearestWord } from '../core/nearest-word.ts';
import { type CliContext, UsageError } from './command.ts';

/** `workspace list|add|show|remove`: one team's or client's accounts, sources and strategies. */
export function register(program: Command, context: CliContext): void {
  const workspace = program
    .command('workspace')
    .description('teams or clients kept apart: each has its accounts, sources, links and strategies');

  workspace
    .command('list')
    .description('every workspace of this installation')
    .action(async () => {
      const rows = await listWorkspaces(await context.db());
      context.print(
        rows.map((row) => ({
          id: row.id,
          name: row.name,
          currency: row.currency,
          timeZone: row.time_zone,
          simulated: row.simulated,
          halted: row.halted_at !== null,
        })),
        rows.length === 0
          ? 'There is no workspace yet. Make one: ./bidloop workspace add "My shop" --currency USD --time-zone Europe/Berlin'
          : rows
              .map((row) => {
                const notes = [
                  row.simulated ? 'simulated market' : null,
                  row.halted_at === null ? null : 'halted',
                ];
                const note = notes.filter((one) => one !== null).join(', ');
                return `${row.id}  ${row.name}  ${row.currency}  ${row.time_zone}${note === '' ? '' : `  (${note})`}`;
              })
              .join('\n'),
      );
    });

  workspace
    .command('add')
    .description('make a workspace')
    .argument('<name>', 'what people call it')
    .requiredOption('--currency <code>', 'currency its money is shown in, ISO 4217: USD')
    .requiredOption('--time-zone <zone>', 'where its days begin, an IANA zone: Europe/Berlin')
    .option('--id <id>', 'short id for commands and addresses; made from the name when left out')
    .addHelpText(
      'after',
      '\nExample:\n  ./bidloop workspace add "My shop" --currency EUR --time-zone Europe/Berlin',
    )
    .action(async (name: string, options: { currency: string; timeZone: string; id?: string }) => {
      const currency = readCurrency(options.currency);
      const timeZone = readTimeZone(options.timeZone);
      const id = readId(options.id ?? idFromName(name), options.id === undefined);
      const added = await addWorkspace(await context.db(), {
        id,
        name: name.trim(),
        currency,
        timeZone,
        wallMs: context.wallNowMs(),
      });
      if (!added) {
        throw new OperatorError('workspace_exists', `there is a workspace "${id}" already`, {
          next: `Look at it with \`./bidloop workspace show ${id}\`, or choose another id with --id.`,
        });
      }
      context.print(
        { id, name: name.trim(), currency, timeZone },
        [
          `Workspace "${id}" made.`,
          'Next:',
          `  ./bidloop account add meta --workspace ${id} …    connect an ad account (read-only at first)`,
          `  ./bidloop source add generic --workspace ${id}    get the address that your tracker calls`,
          `  ./bidloop strategy new stop-loss --cpa 30 --workspace ${id}    write its first rules, in dry-run`,
          'Without --workspace, commands mean the only workspace that is not simulated.',
        ].join('\n'),
      );
    });

  workspace
    .command('show')
    .description('one workspace with what belongs to it')
    .argument('<id>')
    .action(async (id: string) => {
      const db = await context.db();
      const found = await showWorkspace(db, id);
      if (!found) throw await unknownWorkspace(db, id);
      const nowText = new Date(await context.nowMs(id)).toISOString();
      context.print(
        { ...found, now: nowText },
        [
          `${found.name} (${found.id})`,
          `  currency   ${found.currency}`,
          `  time zone  ${found.timeZone}`,
          `  its time   ${nowText}${found.simulated ? ' (simulated market)' : ''}`,
          `  halted     ${found.haltReason ?? 'no'}`,
          `  accounts   ${found.accounts.join(', ') || 'none'}`,
          `  sources    ${found.sources.join(', ') || 'none'}`,
          `  links      ${found.links.join(', ') || 'none'}`,
          `  strategies ${found.strategies.join(', ') || 'none'}`,
        ].join('\n'),
      );
    });

  workspace
    .command('remove')
    .description(
      'take away a workspace that nothing belongs to; what was counted and decided stays on record',
    )
    .argument('<id>')
    .action(async (id: string) => {
      const db = await context.db();
      const outcome = await removeWorkspace(db, id);
      if (outcome === 'unknown') throw await unknownWorkspace(db, id);
      if (outcome === 'in_use') {
        throw new OperatorError(
          'workspace_in_use',
          `"${id}" has accounts, sources, links or strategies, in use or on record, so it stays`,
          {
            next: `To stop all it does, remove what \`./bidloop workspace show ${id}\` lists: account remove, source remove, link remove, strategy remove.`,
          },
        );
      }
      context.print({ id, removed: true }, `Workspace "${id}" removed.`);
    });
}

async function unknownWorkspace(db: Db, id: string): Promise<OperatorError> {
  const ids = (await listWorkspaces(db)).map((row) => row.id);
  const meant = nearestWord(id, ids);
  return new OperatorError('unknown_workspace', `there is no workspace "${id}"`, {
    next: meant === null ? 'See `./bidloop workspace list`.' : `Did you mean "${meant}"?`,
  });
}

function readCurrency(text: string): string {
  const code = text.trim().toUpperCase();
  if (isCurrency(code)) return code;
  throw new UsageError(
    `--currency: "${text}" is not an ISO 4217 currency; write its three letters, for example USD or EUR`,
  );
}

function readTimeZone(text: string): string {
  // "+02:00" and "EST" are accepted by time libraries, but have no summer time: days would begin an hour wrong.
  if (/^[A-Za-z_+-]+\/[A-Za-z0-9_+/-]+$|^UTC$/.test(text) && isTimeZone(text)) return text;
  const meant = nearestWord(text, Intl.supportedValuesOf('timeZone'));
  throw new UsageError(
    `--time-zone: "${text}" is not an IANA time zone; ${meant === null ? 'write a name such as Europe/Berlin, America/New_York or UTC' : `did you mean ${meant}?`}`,
  );
}

/** "Müller & Söhne" → "muller-sohne". */
function idFromName(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
}

function readId(id: string, made: boolean): string {
  if (/^[a-z0-9][a-z0-9-]{0,39}$/.test(id)) return id;
  throw new UsageError(
    made
      ? 'no id can be made from this name; give one with --id, for example --id my-shop'
      : `--id: "${id}" must be small letters, digits and dashes, at most 40, beginning with a letter or digit`,
  );
}
