import type { Command } from 'commander';
import type { Selectable } from 'kysely';
import { listSources, recentPostbacks, removeSource } from '../db/sources.ts';
import type { SourceTable } from '../db/tables.ts';
import { OperatorError } from '../errors.ts';
import { parameterMap, parametersOf } from '../sources/parameter-map.ts';
import { sourceProfile, sourceProfiles } from '../sources/registry.ts';
import { type CliContext, UsageError } from './command.ts';
import { knownSource } from './known-source.ts';
import { add, type AddOptions, senderNamed } from './source-add.ts';
import { addressOf, instructions, keyOf, profileOf } from './source-address.ts';
import { settingLines } from './source-changes.ts';
import { addSettingOptions } from './source-options.ts';
import { registerSet } from './source-set.ts';
import { describePostback, waitForPostback } from './source-wait.ts';

/** `source add|set|parameters|list|show|remove`: who sends postbacks, and the address to paste into that product. */
export function register(program: Command, context: CliContext): void {
  const source = program
    .command('source')
    .description('postback sources: trackers, MMPs, shops that send conversions');
  const profiles = sourceProfiles()
    .map((profile) => profile.id)
    .join(', ');
  const adding = source
    .command('add')
    .argument('<sender>', `whose words it speaks: ${profiles}`)
    .option('--name <name>', 'its name on screens; also makes its short name')
    .option('--as <id>', 'short name, a part of the address')
    .option('--workspace <id>', 'whose source it is; needed when there are several workspaces')
    .option('--no-key', 'accept anyone who knows the address; for senders that can carry no key')
    .option('--wait', 'wait for the first postback and say what is missing in it');
  addSettingOptions(adding)
    .description('make an address for a sender and print it with its macros')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop source add keitaro --name "Tracker EU" --wait\n  ./bidloop source add generic --name shop --currency EUR --map bestellnr=txid',
    )
    .action(async (sender: string, options: AddOptions) => {
      refuseWaitAsJson(context, options.wait === true);
      const id = await add(context, sender, options);
      if (options.wait === true) await wait(context, id);
    });
  registerSet(source, context);
  source
    .command('parameters')
    .argument('[sender]', 'one of them; all when left out')
    .description('which parameters each sender may use, and what its words mean')
    .action((sender?: string) => {
      const shown = sender === undefined ? sourceProfiles() : [senderNamed(sender)];
      context.print(
        shown.map(({ id, title, names, statuses }) => ({ id, title, names, statuses })),
        sender === undefined ? parameterMap() : shown.flatMap(parametersOf).join('\n'),
      );
    });
  source
    .command('list')
    .description('every source')
    .action(async () => {
      const rows = await listSources(await context.db());
      context.print(
        rows.map(view),
        rows.length === 0
          ? `There is no source yet. Make one: ./bidloop source add generic (or ${profiles})`
          : rows.map(line).join('\n'),
      );
    });
  source
    .command('show')
    .argument('<source>', 'its short name')
    .option('--wait', 'wait for the next postback and say what is missing in it')
    .description('its address to paste, where it goes, its settings and its last postbacks')
    .action((id: string, options: { wait?: true }) => show(context, id, options.wait === true));
  source
    .command('remove')
    .argument('<source>', 'its short name')
    .description('refuse its postbacks from now on; what it sent stays')
    .action(async (id: string) => {
      const { db, row } = await knownSource(context, id);
      await removeSource(db, id, await context.nowMs(row.workspace_id));
      context.print(
        { id, removed: true },
        `${id} is removed: its postbacks are refused as unknown_source from now on. What it sent stays.`,
      );
    });
}

/** A script gets one document at once. */
function refuseWaitAsJson(context: CliContext, waiting: boolean): void {
  if (waiting && context.json)
    throw new UsageError(
      '--wait is for people; with --json look at "recent" of: bidloop --json source show <source>',
    );
}

async function show(context: CliContext, id: string, waiting: boolean): Promise<void> {
  refuseWaitAsJson(context, waiting);
  const { db, row } = await knownSource(context, id);
  const profile = profileOf(row);
  const key = keyOf(context, row);
  const address = addressOf(context, id, key === undefined ? '<key>' : key, profile);
  const recent = await recentPostbacks(db, id, 5);
  context.print(
    {
      ...view(row),
      url: key === undefined ? null : address.url,
      publiclyReachable: address.remark === null,
      where: profile.where,
      recent,
    },
    [
      line(row),
      ...settingsText(row),
      '',
      ...(key === undefined ? ['Its key is known only to its sender; put it in place of <key>.'] : []),
      ...instructions(profile, address),
      '',
      ...(recent.length === 0
        ? ['No postback yet.']
        : ['Last postbacks, newest first:', ...recent.map((postback) => `  ${describePostback(postback)}`)]),
    ].join('\n'),
  );
  if (waiting) await wait(context, id);
}

async function wait(context: CliContext, id: string): Promise<void> {
  context.note(`\nWaiting for a postback of "${id}" (Ctrl-C ends the waiting, not the source) …`);
  const seen = await waitForPostback(await context.db(), id, {
    note: (text) => context.note(text),
    fromWallMs: context.wallNowMs(),
    wallNowMs: () => context.wallNowMs(),
  });
  if (seen === null) {
    throw new OperatorError('nothing_arrived', `no postback of "${id}" arrived within 15 minutes`, {
      next: 'Use the test button of the sender, check that the address was pasted whole, and that PUBLIC_URL is reachable from outside.',
    });
  }
  context.print(seen.postback, [describePostback(seen.postback), ...seen.advice].join('\n'));
}

/** What was chosen for it; the rest is as its profile says. */
function settingsText(row: Selectable<SourceTable>): string[] {
  const lines = [...settingLines(row.settings)].map(([setting, value]) => `  ${setting}: ${value}`);
  if (lines.length === 0) return [];
  const secret = row.signature_sealed === null ? [] : ['  secret of its signatures: on record'];
  return ['', 'Its settings:', ...lines, ...secret];
}

function view(row: Selectable<SourceTable>) {
  return {
    id: row.id,
    profile: row.profile,
    name: row.name,
    workspace: row.workspace_id,
    keyed: row.key_hash !== null,
    signed: row.signature_sealed !== null,
    settings: row.settings,
    createdAt: row.created_at.toISOString(),
  };
}

function line(row: Selectable<SourceTable>): string {
  return `${row.id}: ${row.name} (${sourceProfile(row.profile)?.title ?? row.profile}, workspace ${row.workspace_id}${row.key_hash === null ? ', accepts anyone' : ''})`;
}
