import type { Command } from 'commander';
import type { Credentials } from '../account-access.ts';
import { openAccountAccess } from '../account-access.ts';
import { type AccountRow, allowWrites, findAccount, listAccounts, setHalt } from '../db/accounts.ts';
import { addAccount, removeAccount } from '../db/account-add.ts';
import type { Db } from '../db/connection.ts';
import { OperatorError } from '../errors.ts';
import {
  type AccountAccess,
  type AccountCheck,
  type AdNetwork,
  NetworkError,
} from '../networks/ad-network.ts';
import { createNetworkRegistry } from '../networks/registry.ts';
import { seal } from '../secrets.ts';
import { type CliContext, UsageError } from './command.ts';

/** What each network's token must be allowed, for people who have none yet. */
const TOKEN_HELP: Readonly<Record<string, string>> = {
  meta: 'Make a system user in Meta Business Settings (Users, System users), assign it the ad account, and generate a token with ads_read (to watch) and ads_management (to act). Then: bidloop account add meta --id act_… --token …',
};

/** `account add|list|show|allow-writes|halt|resume|remove`: the ad accounts Bidloop reads and, once allowed, changes. */
export function register(program: Command, context: CliContext): void {
  const account = program.command('account').description('ad accounts: connect, look, allow changes, stop');
  account
    .command('add')
    .argument('<network>', 'the ad network: meta')
    .option('--id <id>', "the account's id at the network, as it shows it: act_123")
    .option(
      '--token <token>',
      'access token; BIDLOOP_ACCOUNT_TOKEN in the environment keeps it out of the shell history',
    )
    .option('--workspace <id>', 'whose account it is; needed when there are several workspaces')
    .option('--as <id>', 'short name for commands; made from network and id when left out')
    .option('--base-url <url>', "another address than the network's own, with its version: a proxy")
    .description('connect an ad account, read-only until `account allow-writes`')
    .action((network: string, options: AddOptions) => add(context, network, options));
  account
    .command('list')
    .description('every ad account')
    .action(async () => {
      const rows = await listAccounts(await context.db());
      context.print(
        rows.map(view),
        rows.length === 0
          ? `There is no ad account yet. ${TOKEN_HELP['meta'] ?? ''}`
          : rows.map(line).join('\n'),
      );
    });
  account
    .command('show')
    .argument('<account>', 'its short name')
    .option('--check', 'ask the network whether token and permissions still stand')
    .description('one account, with what the network says about it')
    .action((id: string, options: { check?: true }) => show(context, id, options.check === true));
  account
    .command('allow-writes')
    .argument('<account>', 'its short name')
    .option('--revoke', 'read-only again')
    .description('let live and approved decisions change this account')
    .action((id: string, options: { revoke?: true }) => allow(context, id, options.revoke !== true));
  account
    .command('halt')
    .argument('<account>', 'its short name')
    .option('--reason <text>', 'why, for whoever looks later', 'halted by hand')
    .description('kill switch: nothing is written any more, changes under way included')
    .action(async (id: string, options: { reason: string }) => {
      const { db, row } = await known(context, id);
      await setHalt(db, id, { reason: options.reason, atMs: await context.nowMs(row.workspace_id) });
      context.print(
        { id, halted: true, reason: options.reason },
        `${id} is halted: ${options.reason}. Nothing is written until \`bidloop account resume ${id}\`.`,
      );
    });
  account
    .command('resume')
    .argument('<account>', 'its short name')
    .description('end a halt')
    .action(async (id: string) => {
      const { db } = await known(context, id);
      await setHalt(db, id, null);
      context.print({ id, halted: false }, `${id} may act again.`);
    });
  account
    .command('remove')
    .argument('<account>', 'its short name')
    .description('forget the token and stop reading; facts and decisions stay on record')
    .action(async (id: string) => {
      const { db, row } = await known(context, id);
      await removeAccount(db, id, await context.nowMs(row.workspace_id));
      context.print(
        { id, removed: true },
        `${id} is disconnected: its token is deleted and nothing is written. Its facts and decisions stay.`,
      );
    });
}

interface AddOptions {
  readonly id?: string;
  readonly token?: string;
  readonly workspace?: string;
  readonly as?: string;
  readonly baseUrl?: string;
}

async function add(context: CliContext, networkId: string, options: AddOptions): Promise<void> {
  const networks = createNetworkRegistry();
  const network = networks.find(networkId);
  if (!network)
    throw new UsageError(`there is no ad network "${networkId}"; there are: ${networks.ids.join(', ')}`);
  const token = (options.token ?? context.env['BIDLOOP_ACCOUNT_TOKEN'] ?? '').trim();
  const networkAccountId = readNetworkAccountId(network, options.id);
  if (token === '') throw new UsageError(`a token is missing. ${TOKEN_HELP[network.id] ?? ''}`);
  const db = await context.db();
  const workspace = await chooseWorkspace(db, options.workspace);
  const draft: AccountAccess = {
    networkAccountId,
    // The check itself finds out currency and zone.
    currency: workspace.currency,
    timeZone: workspace.time_zone,
    baseUrl: options.baseUrl ?? null,
    token,
    extra: {},
  };
  const check = await ask(network, draft);
  if (!check.canRead) {
    throw new OperatorError('no_permission', check.problems.join(' '), {
      next: TOKEN_HELP[network.id] ?? '',
    });
  }
  const id = options.as ?? `${network.id}-${networkAccountId.replace(/^act_/, '')}`;
  const credentials: Credentials = { token };
  const outcome = await addAccount(db, {
    id,
    workspaceId: workspace.id,
    network: network.id,
    networkAccountId,
    name: check.name,
    currency: check.currency,
    timeZone: check.timeZone,
    baseUrl: options.baseUrl ?? null,
    credentialsSealed: (accountId) => seal(context.secretKey(), JSON.stringify(credentials), accountId),
    nowMs: await context.nowMs(workspace.id),
  });
  const notes = [
    outcome.added
      ? `${outcome.id} is connected: ${check.name}, ${check.currency}, ${check.timeZone}.`
      : `${outcome.id} was connected already; its token is new.`,
    ...check.problems,
    ...rulesThatAreOn(network, check),
    outcome.writesAllowed
      ? 'It may be changed by live and approved decisions.'
      : `It is read-only: decisions are made and shown, nothing is changed. When you agree with them: ./bidloop account allow-writes ${outcome.id}`,
  ];
  context.print(
    {
      id: outcome.id,
      added: outcome.added,
      name: check.name,
      currency: check.currency,
      timeZone: check.timeZone,
      canWrite: check.canWrite,
      writesAllowed: outcome.writesAllowed,
      problems: check.problems,
      ownRules: check.ownRules,
    },
    notes.join('\n'),
  );
}

function readNetworkAccountId(network: AdNetwork, text: string | undefined): string {
  const digits = /^(?:act_)?(\d{3,20})$/.exec((text ?? '').trim())?.[1];
  if (network.id === 'meta' && digits !== undefined) return `act_${digits}`;
  throw new UsageError(
    text === undefined
      ? `--id is missing: the ad account's id, act_ and digits, as ${network.title}'s ads manager shows it in its address (act=…)`
      : `"${text}" is not an ad account id of ${network.title}; it is act_ and digits, such as act_1234567890`,
  );
}

async function ask(network: AdNetwork, access: AccountAccess): Promise<AccountCheck> {
  try {
    return await network.checkAccount(access);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const next =
      error.errorClass === 'AUTH_DEAD' || error.errorClass === 'PERMISSION'
        ? (TOKEN_HELP[network.id] ?? 'Make a new token.')
        : error.errorClass === 'GONE'
          ? `Check the account's id, and that the token's user is assigned to it. ${TOKEN_HELP[network.id] ?? ''}`
          : 'Try again in a moment.';
    throw new OperatorError(`network_${error.errorClass.toLowerCase()}`, error.message, {
      next,
      cause: error,
    });
  }
}

async function chooseWorkspace(
  db: Db,
  wanted: string | undefined,
): Promise<{ id: string; currency: string; time_zone: string }> {
  const rows = await db
    .selectFrom('workspace')
    .select(['id', 'currency', 'time_zone', 'simulated'])
    .orderBy('id')
    .execute();
  const found =
    wanted === undefined ? rows.filter((row) => !row.simulated) : rows.filter((row) => row.id === wanted);
  const [first] = found;
  if (first && found.length === 1) return first;
  const names = rows.map((row) => row.id).join(', ') || 'none';
  throw new OperatorError(
    'which_workspace',
    wanted === undefined
      ? `it is not clear whose account this is (workspaces: ${names})`
      : `there is no workspace "${wanted}" (there are: ${names})`,
    {
      next:
        found.length === 0
          ? 'Make one: ./bidloop workspace add "My shop" --currency USD --time-zone Europe/Berlin'
          : 'Name one with --workspace.',
    },
  );
}

function rulesThatAreOn(network: AdNetwork, check: AccountCheck): readonly string[] {
  if (check.ownRules.length === 0) return [];
  return [
    `${network.title}'s own automated rules are still on and would work against Bidloop's; turn them off there:`,
    ...check.ownRules.map((rule) => `  ${rule.name} (${rule.id}): ${rule.description}`),
  ];
}

async function show(context: CliContext, id: string, check: boolean): Promise<void> {
  const { db, row } = await known(context, id);
  const network = createNetworkRegistry().get(row.network);
  const found = check ? await ask(network, await openAccountAccess(db, context.secretKey(), id)) : null;
  const lines = [
    line(row),
    `  spend reported to ${row.spend_as_of?.toISOString() ?? 'nothing yet'}, read ${row.synced_at?.toISOString() ?? 'never'}`,
    `  own clicks complete since ${row.tracking_since?.toISOString() ?? 'no click yet'}`,
    ...(row.sync_error === null ? [] : [`  last reading failed: ${row.sync_error}`]),
    ...(found
      ? [
          `  token: ${found.canWrite ? 'may read and write' : 'may read'}`,
          ...found.problems,
          ...rulesThatAreOn(network, found),
        ]
      : []),
  ];
  context.print({ ...view(row), ...(found ? { check: found } : {}) }, lines.join('\n'));
}

async function allow(context: CliContext, id: string, allowed: boolean): Promise<void> {
  const { db, row } = await known(context, id);
  if (allowed) {
    const check = await ask(
      createNetworkRegistry().get(row.network),
      await openAccountAccess(db, context.secretKey(), id),
    );
    if (!check.canWrite) {
      throw new OperatorError('no_permission', check.problems.join(' '), {
        next: TOKEN_HELP[row.network] ?? '',
      });
    }
  }
  await allowWrites(db, id, allowed);
  context.print(
    { id, writesAllowed: allowed },
    allowed
      ? `Live and approved decisions now change ${id}. Stop at any time: ./bidloop account halt ${id}`
      : `${id} is read-only.`,
  );
}

async function known(context: CliContext, id: string): Promise<{ db: Db; row: AccountRow }> {
  const db = await context.db();
  const row = await findAccount(db, id);
  if (row) return { db, row };
  const all = (await listAccounts(db)).map((account) => account.id).join(', ') || 'none yet';
  throw new OperatorError('unknown_account', `there is no ad account "${id}" (there are: ${all})`, {
    next: 'List them with ./bidloop account list.',
  });
}

function view(row: AccountRow): object {
  return {
    id: row.id,
    workspace: row.workspace_id,
    network: row.network,
    networkAccountId: row.network_account_id,
    name: row.name,
    currency: row.currency,
    timeZone: row.time_zone,
    writesAllowed: row.writes_allowed,
    connected: row.credentials_sealed !== null,
    halted: row.halted_at === null ? null : (row.halt_reason ?? 'no reason was given'),
    spendAsOf: row.spend_as_of?.toISOString() ?? null,
    trackingSince: row.tracking_since?.toISOString() ?? null,
    syncedAt: row.synced_at?.toISOString() ?? null,
    syncError: row.sync_error,
  };
}

function line(row: AccountRow): string {
  const notes = [
    row.credentials_sealed === null ? 'disconnected' : row.writes_allowed ? 'may be changed' : 'read-only',
    ...(row.halted_at === null ? [] : [`halted: ${row.halt_reason ?? 'no reason was given'}`]),
    ...(row.sync_error === null ? [] : ['last reading failed']),
  ];
  return `${row.id}  ${row.name}  ${row.network} ${row.network_account_id}  ${row.currency}  ${row.time_zone}  (${notes.join('; ')})`;
}
