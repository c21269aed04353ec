import type { Command } from 'commander';
import type { Selectable } from 'kysely';
import { countLandings } from '../db/landings.ts';
import { addLink, findLink, listLinks, newLinkId, removeLink } from '../db/links.ts';
import { listUnknownLinks } from '../db/refused-clicks.ts';
import type { LinkTable } from '../db/tables.ts';
import { OperatorError } from '../errors.ts';
import { createNetworkRegistry } from '../networks/registry.ts';
import { chooseWorkspace, publicAddress } from './choose-workspace.ts';
import { type CliContext, UsageError } from './command.ts';
import { registerCheck } from './link-check.ts';

/** Our parameters where a network has no macros known here: the buyer fills them in by hand. */
const PLAIN_MACROS: Readonly<Record<string, string>> = {
  campaign_id: '',
  adset_id: '',
  ad_id: '',
  placement: '',
};

/** `link add|check|list|show|remove`: the addresses that ads lead to. */
export function register(program: Command, context: CliContext): void {
  const link = program
    .command('link')
    .description('tracking links: what ads lead to, and where visitors go from there');
  link
    .command('add')
    .argument(
      '<target>',
      "landing page; may hold {click_id}, {campaign_id}, {ad_id} and any parameter's name",
    )
    .option('--account <id>', 'the ad account whose ads carry it; names network and workspace')
    .option('--network <id>', 'the ad network, when there is no account')
    .option('--name <name>', 'its name on screens')
    .option('--as <id>', 'short name, a part of the address; a random one when left out')
    .option('--fallback <url>', 'where visitors go should the target be unusable')
    .option('--workspace <id>', 'whose link it is; needed when there are several workspaces')
    .description("make a link and print it with the network's macros")
    .addHelpText(
      'after',
      '\nExample:\n  ./bidloop link add "https://shop.example.com/shoes?cid={click_id}" --account meta-123 --name shoes',
    )
    .action((target: string, options: AddOptions) => add(context, target, options));
  registerCheck(link, context);
  link
    .command('list')
    .description('every link')
    .action(async () => {
      const db = await context.db();
      const rows = await listLinks(db);
      context.print(
        rows.map(view),
        rows.length === 0
          ? 'There is no link yet. Make one: ./bidloop link add <landing page> --account <id>'
          : rows.map(line).join('\n'),
      );
      for (const { linkId, visitors } of await listUnknownLinks(db, 5))
        context.note(
          `In the last week ${visitors === 1 ? 'a visitor' : `${visitors} visitors`} came by a link "${linkId}" that is not here: does an ad carry it?`,
        );
    });
  link
    .command('show')
    .argument('<link>', 'its short name')
    .description('its address and the parameters to paste at the network')
    .action(async (id: string) => {
      const row = await known(context, id);
      const address = addressOf(context, row.id, row.network);
      const sinceMs = (await context.nowMs(row.workspace_id)) - 7 * 86_400_000;
      const week = await countLandings(await context.db(), row.id, sinceMs);
      context.print(
        {
          ...view(row),
          week,
          url: address.url,
          urlTags: address.tags,
          trackingUrl: address.whole,
          publiclyReachable: address.remark === null,
        },
        [
          line(row),
          `In 7 days ${week.clicks} clicks; ${week.wentOn} of them went on from the landing page (it says so by /l/<click id>).`,
          '',
          ...instructions(address),
        ].join('\n'),
      );
    });
  link
    .command('remove')
    .argument('<link>', 'its short name')
    .description('take it out of use; visitors of ads that still run are sent on all the same')
    .action(async (id: string) => {
      const row = await known(context, id);
      await removeLink(await context.db(), id, await context.nowMs(row.workspace_id));
      context.print(
        { id, removed: true },
        `${id} is removed. Visitors of ads that still carry it are sent on, their clicks flagged link_removed.`,
      );
    });
}

interface AddOptions {
  readonly account?: string;
  readonly network?: string;
  readonly name?: string;
  readonly as?: string;
  readonly fallback?: string;
  readonly workspace?: string;
}

async function add(context: CliContext, target: string, options: AddOptions): Promise<void> {
  checkAddress(target, 'the landing page');
  if (options.fallback !== undefined) checkAddress(options.fallback, '--fallback');
  const db = await context.db();
  const account = options.account === undefined ? undefined : await accountOf(context, options.account);
  const network = account?.network ?? options.network;
  if (network === undefined)
    throw new UsageError(
      'say whose ads carry the link: --account <id> (./bidloop account list), or --network meta when there is no account yet',
    );
  if (account !== undefined && options.network !== undefined && options.network !== account.network)
    throw new UsageError(`account ${options.account} is of ${account.network}, not of ${options.network}`);
  const workspaceId = account?.workspace_id ?? (await chooseWorkspace(db, options.workspace)).id;
  const id = options.as ?? newLinkId();
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id))
    throw new UsageError(`"${id}" cannot stand in an address; use letters, digits, dashes and underscores`);
  const name = options.name ?? new URL(target.replaceAll(/[{}]/g, '')).hostname;
  const added = await addLink(db, {
    id,
    workspaceId,
    accountId: options.account ?? null,
    network,
    name,
    targetUrl: target,
    fallbackUrl: options.fallback ?? null,
    nowMs: await context.nowMs(workspaceId),
  });
  if (!added)
    throw new OperatorError('link_exists', `there is (or was) a link "${id}" already`, {
      next: 'Choose another short name with --as, or leave it out.',
    });
  const address = addressOf(context, id, network);
  const remark = target.includes('{click_id}')
    ? []
    : ['The landing page has no {click_id}: click_id=… is added to it.'];
  context.print(
    {
      id,
      name,
      network,
      workspace: workspaceId,
      url: address.url,
      urlTags: address.tags,
      trackingUrl: address.whole,
      publiclyReachable: address.remark === null,
    },
    [
      `Link "${id}" is ready.`,
      '',
      ...instructions(address),
      ...(remark.length > 0 ? ['', ...remark] : []),
    ].join('\n'),
  );
}

/** A link's address, as the network's fields want it. */
export interface Address {
  readonly url: string;
  readonly tags: string;
  readonly whole: string;
  readonly remark: string | null;
}

/** The address with its network's macros. */
export function addressOf(context: CliContext, id: string, network: string): Address {
  const { base, remark } = publicAddress(context.config.publicUrl, context.pageUrl());
  const macros = createNetworkRegistry().find(network)?.linkMacros ?? PLAIN_MACROS;
  // Macros stay as they are: the network looks for its own brackets.
  const tags = Object.entries(macros)
    .map(([name, macro]) => `${name}=${macro}`)
    .join('&');
  const url = `${base}/c/${id}`;
  return { url, tags, whole: `${url}?${tags}`, remark };
}

function instructions(address: Address): string[] {
  return [
    'Where the network has a field for the address and one for its parameters (Meta: "Website URL" and "URL parameters"):',
    `  address:    ${address.url}`,
    `  parameters: ${address.tags}`,
    'Where it has one field for both:',
    `  ${address.whole}`,
    ...(address.remark === null ? [] : ['', address.remark]),
  ];
}

function checkAddress(text: string, what: string): void {
  // Macros are no part of what a URL parser knows.
  const parsed = URL.parse(text.replaceAll(/\{[\w-]+\}/g, 'x'));
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(
      `${what} "${text}" is not an http(s) address; write it whole, such as https://shop.example.com/shoes`,
    );
}

async function accountOf(
  context: CliContext,
  id: string,
): Promise<{ readonly network: string; readonly workspace_id: string }> {
  const db = await context.db();
  const row = await db
    .selectFrom('ad_account')
    .select(['network', 'workspace_id'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new OperatorError('unknown_account', `there is no ad account "${id}"`, {
    next: '`./bidloop account list` names them all.',
  });
}

async function known(context: CliContext, id: string): Promise<Selectable<LinkTable>> {
  const row = await findLink(await context.db(), id);
  if (row !== undefined) return row;
  throw new OperatorError('unknown_link', `there is no link "${id}"`, {
    next: '`./bidloop link list` names them all.',
  });
}

function view(row: Selectable<LinkTable>) {
  return {
    id: row.id,
    name: row.name,
    network: row.network,
    account: row.account_id,
    workspace: row.workspace_id,
    target: row.target_url,
    fallback: row.fallback_url,
    createdAt: row.created_at.toISOString(),
  };
}

function line(row: Selectable<LinkTable>): string {
  return `${row.id}: ${row.name} (${row.network}${row.account_id === null ? '' : `, ${row.account_id}`}) → ${row.target_url}`;
}
