import { createHash, randomBytes } from 'node:crypto';
import type { Credentials } from '../account-access.ts';
import type { Config } from '../config.ts';
import { dayBounds } from '../core/zone.ts';
import type { Db } from '../db/connection.ts';
import { ensurePartitions } from '../db/partitions.ts';
import { sourceKeyContext } from '../db/sources.ts';
import { seal } from '../secrets.ts';

const HOUR_MS = 3_600_000;

/** One ad account of the sample workspace. */
export interface SampleAccount {
  readonly accountId: string;
  readonly networkAccountId: string;
  readonly name: string;
  readonly linkId: string;
  /** Who looks after it, as the score says it. */
  readonly label: string;
  /** What is added to its objects' names, so that they are told from those of the other account. */
  readonly suffix: string;
}

/**
 * Two ad accounts on one simulated market, draw for draw the same: rules look after the first, the autopilot after the
 * second. What differs between them is what was done.
 */
export const SAMPLE_ACCOUNTS: readonly [SampleAccount, SampleAccount] = [
  {
    accountId: 'sample-meta',
    networkAccountId: 'act_1202100000000001',
    name: 'Calm & Co (simulated)',
    linkId: 'sample',
    label: 'rules',
    suffix: '',
  },
  {
    accountId: 'sample-autopilot',
    networkAccountId: 'act_1202100000000002',
    name: 'Calm & Co Autopilot (simulated)',
    linkId: 'sample-autopilot',
    label: 'autopilot',
    suffix: ' Autopilot',
  },
];

/** Names of what the sample workspace is made of; account and link are those that rules look after. */
export const SAMPLE = {
  workspaceId: 'sample',
  accountId: SAMPLE_ACCOUNTS[0].accountId,
  networkAccountId: SAMPLE_ACCOUNTS[0].networkAccountId,
  linkId: SAMPLE_ACCOUNTS[0].linkId,
  sourceId: 'sample-shop',
  timeZone: 'America/New_York',
  currency: 'USD',
} as const;

/** A quarter of an hour before a Tuesday begins, so that the first whole day has been tracked from its start. */
const START_MS = dayBounds('2026-11-10', SAMPLE.timeZone).startMs - HOUR_MS / 4;
/** Until here the market is run fast, once: a newcomer starts on a morning that already has something to judge. */
export const SAMPLE_OPENS_MS = dayBounds('2026-11-10', SAMPLE.timeZone).startMs + 10 * HOUR_MS;

/**
 * Makes the sample workspace when nothing else is there, and keeps it pointing at the sandbox. Idempotent.
 *
 * Its clock stands until the engine lets clocks run (resumeClocks).
 *
 * @param wallMs wall time, for the rows' creation and the clock.
 * @returns true when there is a sample workspace; false when people have set up workspaces of their own instead.
 */
export async function ensureSampleWorkspace(
  db: Db,
  options: {
    readonly config: Pick<Config, 'marketRate'>;
    readonly secretKey: Buffer;
    readonly sandboxUrl: string;
  },
  wallMs: number,
): Promise<boolean> {
  const workspaces = await db.selectFrom('workspace').select('id').execute();
  const baseUrl = `${options.sandboxUrl.replace(/\/+$/, '')}/v26.0`;
  if (workspaces.some((workspace) => workspace.id === SAMPLE.workspaceId)) {
    await db
      .updateTable('ad_account')
      .set({ base_url: baseUrl })
      .where('workspace_id', '=', SAMPLE.workspaceId)
      .where(
        'id',
        'in',
        SAMPLE_ACCOUNTS.map((account) => account.accountId),
      )
      .execute();
    return true;
  }
  if (workspaces.length > 0) return false;
  await ensurePartitions(db, START_MS);
  await db.transaction().execute(async (trx) => {
    await insertWorkspace(trx, options.config.marketRate, wallMs);
    for (const account of SAMPLE_ACCOUNTS)
      await insertAccount(trx, account, { baseUrl, secretKey: options.secretKey });
    await insertSource(trx, options.secretKey);
    for (const account of SAMPLE_ACCOUNTS) await insertLink(trx, account);
  });
  return true;
}

async function insertWorkspace(trx: Db, rate: number, wallMs: number): Promise<void> {
  await trx
    .insertInto('workspace')
    .values({
      id: SAMPLE.workspaceId,
      name: 'Sample workspace',
      currency: SAMPLE.currency,
      time_zone: SAMPLE.timeZone,
      simulated: true,
      clock_origin: new Date(START_MS),
      clock_wall_origin: new Date(wallMs),
      clock_rate: rate,
      clock_stopped_at: new Date(START_MS),
      clock_wall_seen_at: new Date(wallMs),
      created_at: new Date(START_MS),
    })
    .execute();
}

async function insertAccount(
  trx: Db,
  account: SampleAccount,
  options: { readonly baseUrl: string; readonly secretKey: Buffer },
): Promise<void> {
  const credentials: Credentials = { token: `EAASimulated${randomBytes(18).toString('hex')}` };
  await trx
    .insertInto('ad_account')
    .values({
      id: account.accountId,
      workspace_id: SAMPLE.workspaceId,
      network: 'meta',
      network_account_id: account.networkAccountId,
      name: account.name,
      currency: SAMPLE.currency,
      time_zone: SAMPLE.timeZone,
      base_url: options.baseUrl,
      credentials_sealed: seal(options.secretKey, JSON.stringify(credentials), account.accountId),
      // Nothing real hangs on it.
      writes_allowed: true,
      // The market's first visitor comes through our own redirect: nothing before it was missed.
      tracking_since: new Date(START_MS),
      created_at: new Date(START_MS),
    })
    .execute();
}

async function insertSource(trx: Db, secretKey: Buffer): Promise<void> {
  const key = randomBytes(18).toString('base64url');
  await trx
    .insertInto('source')
    .values({
      id: SAMPLE.sourceId,
      workspace_id: SAMPLE.workspaceId,
      profile: 'generic',
      name: 'Sample shop',
      key_hash: createHash('sha256').update(key).digest(),
      key_sealed: seal(secretKey, key, sourceKeyContext(SAMPLE.sourceId)),
      settings: JSON.stringify({ currency: SAMPLE.currency }),
      created_at: new Date(START_MS),
    })
    .execute();
}

async function insertLink(trx: Db, account: SampleAccount): Promise<void> {
  await trx
    .insertInto('link')
    .values({
      id: account.linkId,
      workspace_id: SAMPLE.workspaceId,
      account_id: account.accountId,
      network: 'meta',
      name: `Sample landing page, ${account.label}`,
      target_url: 'https://shop.example/start?click_id={click_id}',
      created_at: new Date(START_MS),
    })
    .execute();
}
