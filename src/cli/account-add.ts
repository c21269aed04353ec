import type { Credentials } from '../account-access.ts';
import { addAccount } from '../db/account-add.ts';
import type { Db } from '../db/connection.ts';
import { OperatorError } from '../errors.ts';
import type { AccountAccess, AdNetwork } from '../networks/ad-network.ts';
import { createNetworkRegistry } from '../networks/registry.ts';
import { seal } from '../secrets.ts';
import { ask, rulesThatAreOn, TOKEN_HELP } from './account-view.ts';
import { type CliContext, UsageError } from './command.ts';

export interface AddOptions {
  readonly id?: string;
  readonly token?: string;
  readonly workspace?: string;
  readonly as?: string;
  readonly baseUrl?: string;
}

/** `account add`: checks the token with the network, stores it sealed, and says what is missing. */
export async function add(context: CliContext, networkId: string, options: AddOptions): Promise<void> {
  const networks = createNetworkRegistry();
  const network = networks.find(networkId);
  if (!network)
    throw new UsageError(`there is no ad network "${networkId}"; there are: ${networks.ids.join(', ')}`);
  const token = (options.token ?? context.env['BIDLOOP_ACCOUNT_TOKEN'] ?? '').trim();
  const networkAccountId = readNetworkAccountId(network, options.id);
  if (token === '') throw new UsageError(`a token is missing. ${TOKEN_HELP[network.id] ?? ''}`);
  const db = await context.db();
  const workspace = await realWorkspace(db, options.workspace);
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

/** A simulated workspace's clock is not the wall's: a real account never lands there unasked. */
async function realWorkspace(
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
