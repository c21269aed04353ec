import type { KnownObject } from '../../core/attribution.ts';
import type { Level, ObjectId } from '../../core/object.ts';
import type { Db } from '../connection.ts';
import type { Ground, IngestAccount } from './accounts.ts';

/** Ids by which a click or a sender names an object, as the network spells them. */
export interface NamedIds {
  readonly workspaceId: string;
  /** Null when only the ids can tell. */
  readonly accountId: string | null;
  /** Narrows the search when the account is unknown; null searches every account of the workspace. */
  readonly network: string | null;
  readonly ad: string | null;
  readonly adset: string | null;
  readonly campaign: string | null;
  /** What no id is may be a name: some senders know no ids. */
  readonly orNames?: boolean;
}

export interface Found {
  readonly accountId: string | null;
  readonly object: KnownObject | null;
  /** The deepest id named, when no sync has brought its object yet. */
  readonly missing: string | null;
}

export type FindObject = (named: NamedIds) => Found;

const DEEPEST_FIRST = ['ad', 'adset', 'campaign'] as const;

/** Reads every object the ids may mean in one query and returns the lookup over them. */
export async function objectFinder(
  trx: Db,
  ground: Ground,
  wanted: readonly NamedIds[],
): Promise<FindObject> {
  const idsOf = (some: readonly NamedIds[]): readonly string[] =>
    [...new Set(some.flatMap((w) => [w.ad, w.adset, w.campaign]))].filter((id) => id !== null);
  const known = new Map<string, KnownObject[]>();
  const take = (rows: readonly ObjectRow[], word: 'network_id' | 'name'): void => {
    for (const row of rows) {
      const key = `${row.account_id} ${row.level} ${word} ${row[word]}`;
      const campaignId = row.level === 'campaign' ? row.id : row.campaign_id;
      const object = { id: row.id, level: row.level, name: row.name, campaignId };
      known.set(key, [...(known.get(key) ?? []), object]);
    }
  };
  const byId = await loadObjects(trx, ground, 'network_id', idsOf(wanted));
  take(byId, 'network_id');
  const found = new Set(byId.map((row) => row.network_id));
  const left = idsOf(wanted.filter((w) => w.orNames)).filter((id) => !found.has(id));
  take(await loadObjects(trx, ground, 'name', left), 'name');

  const find: FindObject = (named) => {
    const accounts = candidates(ground, named);
    const deepest = named.ad ?? named.adset ?? named.campaign;
    for (const level of DEEPEST_FIRST) {
      const networkId = named[level];
      if (networkId === null) continue;
      const hitsBy = (word: 'network_id' | 'name') =>
        accounts.flatMap((account) =>
          (known.get(`${account.id} ${level} ${word} ${networkId}`) ?? []).map((object) => ({
            accountId: account.id,
            object,
          })),
        );
      const ids = hitsBy('network_id');
      const hits = ids.length === 0 && named.orNames ? hitsBy('name') : ids;
      // The same id in two accounts, or two ads of one name: neither may be credited on a guess.
      const [hit] = hits;
      if (hits.length === 1 && hit) return { ...hit, missing: networkId === deepest ? null : deepest };
    }
    return {
      accountId: named.accountId ?? (accounts.length === 1 ? accounts[0]?.id : null) ?? null,
      object: null,
      missing: deepest,
    };
  };
  // Many postbacks are of few ads.
  const answers = new Map<string, Found>();
  return (named) => {
    const { workspaceId, accountId, network, ad, adset, campaign, orNames } = named;
    const key = `${workspaceId}\n${accountId}\n${network}\n${ad}\n${adset}\n${campaign}\n${orNames ?? false}`;
    const known = answers.get(key) ?? find(named);
    answers.set(key, known);
    return known;
  };
}

interface ObjectRow {
  readonly id: ObjectId;
  readonly account_id: string;
  readonly level: Level;
  readonly network_id: string;
  readonly name: string;
  readonly campaign_id: ObjectId | null;
}

async function loadObjects(
  trx: Db,
  ground: Ground,
  word: 'network_id' | 'name',
  words: readonly string[],
): Promise<readonly ObjectRow[]> {
  if (words.length === 0 || ground.accounts.size === 0) return [];
  return trx
    .selectFrom('object')
    .select(['id', 'account_id', 'level', 'network_id', 'name', 'campaign_id'])
    .where('account_id', 'in', [...ground.accounts.keys()])
    .where('level', 'in', DEEPEST_FIRST)
    .where(word, 'in', words)
    .execute();
}

function candidates(ground: Ground, named: NamedIds): readonly IngestAccount[] {
  const account = named.accountId === null ? undefined : ground.accounts.get(named.accountId);
  if (account) return [account];
  return ground
    .accountsOf(named.workspaceId)
    .filter((a) => named.network === null || a.network === named.network);
}
