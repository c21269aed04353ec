import type { KnownObject } from '../../core/attribution.ts';
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
  const networkIds = [...new Set(wanted.flatMap((w) => [w.ad, w.adset, w.campaign]))].filter(
    (id) => id !== null,
  );
  const rows =
    networkIds.length === 0 || ground.accounts.size === 0
      ? []
      : await trx
          .selectFrom('object')
          .select(['id', 'account_id', 'level', 'network_id', 'name', 'campaign_id'])
          .where('account_id', 'in', [...ground.accounts.keys()])
          .where('level', 'in', DEEPEST_FIRST)
          .where('network_id', 'in', networkIds)
          .execute();
  const known = new Map(
    rows.map((row) => [
      `${row.account_id} ${row.level} ${row.network_id}`,
      {
        id: row.id,
        level: row.level,
        name: row.name,
        campaignId: row.level === 'campaign' ? row.id : row.campaign_id,
      },
    ]),
  );

  return (named) => {
    const accounts = candidates(ground, named);
    const deepest = named.ad ?? named.adset ?? named.campaign;
    for (const level of DEEPEST_FIRST) {
      const networkId = named[level];
      if (networkId === null) continue;
      const hits = accounts.flatMap((account) => {
        const object = known.get(`${account.id} ${level} ${networkId}`);
        return object ? [{ accountId: account.id, object }] : [];
      });
      // The same id in two accounts: neither may be credited on a guess.
      const [hit] = hits;
      if (hits.length === 1 && hit) return { ...hit, missing: networkId === deepest ? null : deepest };
    }
    return {
      accountId: named.accountId ?? (accounts.length === 1 ? accounts[0]?.id : null) ?? null,
      object: null,
      missing: deepest,
    };
  };
}

function candidates(ground: Ground, named: NamedIds): readonly IngestAccount[] {
  const account = named.accountId === null ? undefined : ground.accounts.get(named.accountId);
  if (account) return [account];
  return ground
    .accountsOf(named.workspaceId)
    .filter((a) => named.network === null || a.network === named.network);
}
