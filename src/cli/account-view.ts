import type { AccountRow } from '../db/accounts.ts';
import { OperatorError } from '../errors.ts';
import {
  type AccountAccess,
  type AccountCheck,
  type AdNetwork,
  NetworkError,
} from '../networks/ad-network.ts';

/** What each network's token must be allowed, for people who have none yet. */
export const TOKEN_HELP: Readonly<Record<string, string>> = {
  meta: 'Make a system user in Meta Business Settings (Users, System users), assign it the ad account, and generate a token with ads_read (to watch) and ads_management (to act). Then: bidloop account add meta --id act_… --token …',
};

/** One account as JSON. */
export function view(row: AccountRow): object {
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

/** One account as a line. */
export function line(row: AccountRow): string {
  const notes = [
    row.credentials_sealed === null ? 'disconnected' : row.writes_allowed ? 'may be changed' : 'read-only',
    ...(row.halted_at === null ? [] : [`halted: ${row.halt_reason ?? 'no reason was given'}`]),
    ...(row.sync_error === null ? [] : ['last reading failed']),
  ];
  return `${row.id}  ${row.name}  ${row.network} ${row.network_account_id}  ${row.currency}  ${row.time_zone}  (${notes.join('; ')})`;
}

/** Warnings about automated rules at the network that would work against ours. */
export function rulesThatAreOn(network: AdNetwork, check: AccountCheck): readonly string[] {
  if (check.ownRules.length === 0) return [];
  return [
    `${network.title}'s own automated rules are still on and would work against Bidloop's; turn them off there:`,
    ...check.ownRules.map((rule) => `  ${rule.name} (${rule.id}): ${rule.description}`),
  ];
}

/** Asks the network about an account. @throws OperatorError with what to do about it. */
export async function ask(network: AdNetwork, access: AccountAccess): Promise<AccountCheck> {
  try {
    return await network.checkAccount(access);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const next =
      error.errorClass === 'AUTH_DEAD' || error.errorClass === 'PERMISSION'
        ? (TOKEN_HELP[network.id] ?? 'Make a new token.')
        : error.errorClass === 'GONE'
          ? `Check the account's id, and that the token's user is assigned to it. ${TOKEN_HELP[network.id] ?? ''}`
          : error.errorClass === 'INVALID'
            ? `Nothing was changed. ${network.title} says above what it does not accept.`
            : `Nothing was changed. Try again in a moment; if it stays so, check that this machine reaches ${network.title} (a proxy in between: --base-url).`;
    // "It will be tried again" is true of the engine's own calls; a person is told below.
    const what = error.message.replace(/; it will be tried again$/, '');
    throw new OperatorError(`network_${error.errorClass.toLowerCase()}`, what, {
      next,
      cause: error,
    });
  }
}
