import type { Command } from 'commander';
import { openAccountAccess } from '../account-access.ts';
import { type AccountRow, allowWrites, findAccount, listAccounts, setHalt } from '../db/accounts.ts';
import { removeAccount } from '../db/account-add.ts';
import type { Db } from '../db/connection.ts';
import { OperatorError } from '../errors.ts';
import { createNetworkRegistry } from '../networks/registry.ts';
import { add, type AddOptions } from './account-add.ts';
import { ask, line, rulesThatAreOn, TOKEN_HELP, view } from './account-view.ts';
import type { CliContext } from './command.ts';

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
