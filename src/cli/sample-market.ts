import path from 'node:path';
import { openAccountAccess } from '../account-access.ts';
import { findAccount } from '../db/accounts.ts';
import type { Db } from '../db/connection.ts';
import { sourceKeyContext } from '../db/sources.ts';
import { OperatorError } from '../errors.ts';
import { createNetworkRegistry } from '../networks/registry.ts';
import { SAMPLE, SAMPLE_ACCOUNTS, type SampleAccount } from '../runtime/sample-workspace.ts';
import {
  type AccountOptions,
  folderStore,
  samplePlan,
  type SandboxOptions,
  twinPlan,
} from '../sandbox/index.ts';
import { open } from '../secrets.ts';

interface SampleToken {
  readonly account: SampleAccount;
  readonly token: string;
}

/** What the simulated market needs to know of the sample workspace. */
export interface Sample {
  readonly accounts: readonly [SampleToken, ...SampleToken[]];
  readonly sourceKey: string;
  readonly startMs: number;
  readonly installation: string;
}

/**
 * Reads it from the database. An installation of an earlier version has the first account alone, and goes on so.
 *
 * @throws OperatorError `no_sample` when there is none.
 */
export async function readSample(db: Db, secretKey: Buffer): Promise<Sample> {
  const workspace = await db
    .selectFrom('workspace')
    .selectAll()
    .where('id', '=', SAMPLE.workspaceId)
    .executeTakeFirst();
  const source = await db
    .selectFrom('source')
    .selectAll()
    .where('id', '=', SAMPLE.sourceId)
    .executeTakeFirst();
  if (!workspace || !source?.key_sealed) {
    throw new OperatorError('no_sample', 'there is no sample workspace here', {
      next: 'The simulated market belongs to it; start a new installation with `npm start`, or with `npm start -- --fresh`.',
    });
  }
  const [firstAccount, ...others] = SAMPLE_ACCOUNTS;
  const access = await openAccountAccess(db, secretKey, firstAccount.accountId);
  const twins: SampleToken[] = [];
  for (const account of others) {
    if ((await findAccount(db, account.accountId)) === undefined) continue;
    twins.push({ account, token: (await openAccountAccess(db, secretKey, account.accountId)).token });
  }
  return {
    accounts: [{ account: firstAccount, token: access.token }, ...twins],
    sourceKey: sampleKey(secretKey, source.key_sealed),
    startMs: workspace.created_at.getTime(),
    // Nothing secret: enough to tell one installation's market from another's.
    installation: access.token.slice(-8),
  };
}

/** The sample's accounts on one market of this seed, as the sandbox is started with them. */
export function sampleMarket(
  sample: Sample,
  of: { readonly seed: number; readonly stateFolder: string; readonly bidloopUrl: string },
): AccountOptions & Pick<SandboxOptions, 'twins' | 'seed' | 'startMs' | 'installation'> {
  const plan = samplePlan(of.seed);
  const urlTags = Object.entries(createNetworkRegistry().get('meta').linkMacros)
    .map(([name, macro]) => `${name}=${macro}`)
    .join('&');
  const options = ({ account, token }: SampleToken, index: number): AccountOptions => ({
    plan: index === 0 ? plan : twinPlan(plan, account.suffix),
    store: folderStore(index === 0 ? of.stateFolder : path.join(of.stateFolder, account.accountId)),
    label: account.label,
    account: {
      id: account.networkAccountId.replace(/^act_/, ''),
      name: account.name,
      token,
      urlTags,
      scopes: ['ads_read', 'ads_management'],
    },
    tracking: {
      clickUrl: `${of.bidloopUrl}/c/${account.linkId}`,
      postbackUrl: `${of.bidloopUrl}/p/${SAMPLE.sourceId}/${sample.sourceKey}`,
      urlTags,
    },
  });
  const [first, ...twins] = sample.accounts;
  return {
    ...options(first, 0),
    twins: twins.map((twin, at) => options(twin, at + 1)),
    seed: of.seed,
    startMs: sample.startMs,
    installation: sample.installation,
  };
}

/** Samples of an earlier version sealed it for the source's bare id. */
function sampleKey(secretKey: Buffer, sealed: Buffer): string {
  try {
    return open(secretKey, sealed, sourceKeyContext(SAMPLE.sourceId));
  } catch {
    return open(secretKey, sealed, SAMPLE.sourceId);
  }
}
