import type { Command } from 'commander';
import type { Selectable } from 'kysely';
import {
  addSource,
  findSource,
  listSources,
  newSourceKey,
  recentPostbacks,
  removeSource,
  sourceKeyContext,
} from '../db/sources.ts';
import type { SourceTable } from '../db/tables.ts';
import { OperatorError } from '../errors.ts';
import { open } from '../secrets.ts';
import type { SourceProfile } from '../sources/profile.ts';
import { sourceProfile, sourceProfiles } from '../sources/registry.ts';
import { readCurrency } from '../sources/values.ts';
import { chooseWorkspace, publicAddress } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { describePostback, waitForPostback } from './source-wait.ts';

/** `source add|list|show|remove`: who sends postbacks, and the address to paste into that product. */
export function register(program: Command, context: CliContext): void {
  const source = program
    .command('source')
    .description('postback sources: trackers, MMPs, shops that send conversions');
  const profiles = sourceProfiles()
    .map((profile) => profile.id)
    .join(', ');
  source
    .command('add')
    .argument('<sender>', `whose words it speaks: ${profiles}`)
    .option('--name <name>', 'its name on screens; also makes its short name')
    .option('--as <id>', 'short name, a part of the address')
    .option('--currency <code>', "of amounts that name none; the workspace's when left out")
    .option('--event <name>', 'event of postbacks that name none')
    .option('--repeats-count', 'a repeated message without transaction id is a second conversion')
    .option('--workspace <id>', 'whose source it is; needed when there are several workspaces')
    .option('--no-key', 'accept anyone who knows the address; for senders that can carry no key')
    .option('--wait', 'wait for the first postback and say what is missing in it')
    .description('make an address for a sender and print it with its macros')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bidloop source add keitaro --name "Tracker EU" --wait\n  ./bidloop source add generic --name shop --currency EUR',
    )
    .action((sender: string, options: AddOptions) => add(context, sender, options));
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
    .description('its address to paste, where it goes, and its last postbacks')
    .action((id: string, options: { wait?: true }) => show(context, id, options.wait === true));
  source
    .command('remove')
    .argument('<source>', 'its short name')
    .description('refuse its postbacks from now on; what it sent stays')
    .action(async (id: string) => {
      const row = await known(context, id);
      await removeSource(await context.db(), id, await context.nowMs(row.workspace_id));
      context.print(
        { id, removed: true },
        `${id} is removed: its postbacks are refused as unknown_source from now on. What it sent stays.`,
      );
    });
}

interface AddOptions {
  readonly name?: string;
  readonly as?: string;
  readonly currency?: string;
  readonly event?: string;
  readonly repeatsCount?: true;
  readonly workspace?: string;
  readonly key: boolean;
  readonly wait?: true;
}

async function add(context: CliContext, sender: string, options: AddOptions): Promise<void> {
  refuseWaitAsJson(context, options.wait === true);
  const profile = sourceProfile(sender);
  if (profile === undefined) {
    throw new UsageError(
      `there is no sender "${sender}"; there are: ${sourceProfiles()
        .map((one) => one.id)
        .join(', ')}. Anything that can call an address is "generic".`,
    );
  }
  const currency = options.currency === undefined ? null : readCurrency(options.currency);
  if (options.currency !== undefined && currency === null)
    throw new UsageError(
      `"${options.currency}" is not an ISO 4217 currency; write three letters such as USD`,
    );
  const db = await context.db();
  const workspace = await chooseWorkspace(db, options.workspace);
  const name = options.name ?? profile.title;
  const nowMs = await context.nowMs(workspace.id);
  const key = options.key ? newSourceKey() : null;
  const base = options.as ?? slug(options.name ?? profile.id);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(base))
    throw new UsageError(
      `"${base}" cannot stand in an address; use lower-case letters, digits and dashes: --as my-tracker`,
    );
  const settings = {
    ...(currency === null ? {} : { currency }),
    ...(options.event === undefined ? {} : { defaultEvent: options.event }),
    ...(options.repeatsCount === true ? { repeatsCount: true } : {}),
  };
  const fields = {
    workspaceId: workspace.id,
    profile: profile.id,
    name,
    key,
    secretKey: key === null ? null : context.secretKey(),
    settings,
    nowMs,
  };
  let id = base;
  for (let attempt = 2; !(await addSource(db, { ...fields, id })); attempt += 1) {
    if (options.as !== undefined)
      throw new OperatorError('source_exists', `there is (or was) a source "${id}" already`, {
        next: 'Choose another short name with --as.',
      });
    id = `${base.slice(0, 58)}-${attempt}`;
  }
  const address = addressOf(context, id, key, profile);
  context.print(
    {
      id,
      profile: profile.id,
      name,
      workspace: workspace.id,
      currency: currency ?? workspace.currency,
      url: address.url,
      publiclyReachable: address.remark === null,
      where: profile.where,
    },
    [
      `Source "${id}" is ready (${profile.title}, workspace ${workspace.id}, amounts in ${currency ?? workspace.currency} unless they say otherwise).`,
      '',
      ...instructions(profile, address),
    ].join('\n'),
  );
  if (options.wait === true) await wait(context, id);
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
  const row = await known(context, id);
  const db = await context.db();
  const profile = sourceProfile(row.profile);
  if (profile === undefined)
    throw new OperatorError(
      'unknown_profile',
      `source "${id}" speaks "${row.profile}", which this version does not know`,
      { next: 'Start the version that made it, or add the source again.' },
    );
  const key =
    row.key_sealed === null ? null : open(context.secretKey(), row.key_sealed, sourceKeyContext(id));
  const hidden = row.key_hash !== null && key === null;
  const address = addressOf(context, id, hidden ? '<key>' : key, profile);
  const recent = await recentPostbacks(db, id, 5);
  context.print(
    {
      ...view(row),
      url: hidden ? null : address.url,
      publiclyReachable: address.remark === null,
      where: profile.where,
      recent,
    },
    [
      line(row),
      '',
      ...(hidden ? ['Its key is known only to its sender; put it in place of <key>.'] : []),
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

function instructions(
  profile: SourceProfile,
  address: { readonly url: string; readonly remark: string | null },
): string[] {
  return [
    'Paste this address:',
    '',
    `  ${address.url}`,
    '',
    ...profile.where.map((step, i) => `  ${i + 1}. ${step}`),
    ...(address.remark === null ? [] : ['', address.remark]),
  ];
}

function addressOf(
  context: CliContext,
  id: string,
  key: string | null,
  profile: SourceProfile,
): { readonly url: string; readonly remark: string | null } {
  const { base, remark } = publicAddress(context.config.publicUrl, context.pageUrl());
  return { url: `${base}/p/${id}${key === null ? '' : `/${key}`}?${profile.template}`, remark };
}

async function known(context: CliContext, id: string): Promise<Selectable<SourceTable>> {
  const row = await findSource(await context.db(), id);
  if (row !== undefined) return row;
  throw new OperatorError('unknown_source', `there is no source "${id}"`, {
    next: '`./bidloop source list` names them all.',
  });
}

function view(row: Selectable<SourceTable>) {
  return {
    id: row.id,
    profile: row.profile,
    name: row.name,
    workspace: row.workspace_id,
    keyed: row.key_hash !== null,
    settings: row.settings,
    createdAt: row.created_at.toISOString(),
  };
}

function line(row: Selectable<SourceTable>): string {
  return `${row.id}: ${row.name} (${sourceProfile(row.profile)?.title ?? row.profile}, workspace ${row.workspace_id}${row.key_hash === null ? ', accepts anyone' : ''})`;
}

function slug(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 63) || 'source'
  );
}
