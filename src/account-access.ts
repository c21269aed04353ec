import { findAccount } from './db/accounts.ts';
import type { Db } from './db/connection.ts';
import { OperatorError } from './errors.ts';
import type { AccountAccess } from './networks/ad-network.ts';
import { open } from './secrets.ts';

/** What is sealed in ad_account.credentials_sealed, as JSON. */
export interface Credentials {
  readonly token: string;
  readonly extra?: Readonly<Record<string, string>>;
}

/**
 * Opens one account's credentials for a call. The result must not be stored, logged or returned from an activity.
 *
 * @throws OperatorError `unknown_account`, `no_credentials`, or `secret_unreadable` for another key.
 */
export async function openAccountAccess(
  db: Db,
  secretKey: Buffer,
  accountId: string,
): Promise<AccountAccess> {
  const account = await findAccount(db, accountId);
  if (!account) {
    throw new OperatorError('unknown_account', `there is no ad account "${accountId}"`, {
      next: 'List them with `bidloop account list`.',
    });
  }
  if (account.credentials_sealed === null) {
    throw new OperatorError('no_credentials', `the ad account "${accountId}" has no token`, {
      next: `Store one with \`bidloop account add ${account.network} --id ${account.network_account_id} --token …\`.`,
    });
  }
  const credentials = JSON.parse(open(secretKey, account.credentials_sealed, accountId)) as Credentials;
  return {
    networkAccountId: account.network_account_id,
    currency: account.currency,
    timeZone: account.time_zone,
    baseUrl: account.base_url,
    token: credentials.token,
    extra: credentials.extra ?? {},
  };
}
