import { sql } from 'kysely';
import type { OwnWindows } from '../../core/attribution-windows.ts';
import { type WorkspaceClock, workspaceNow } from '../../core/clock.ts';
import { type DuplicatePolicy, readDuplicatePolicy } from '../../core/conversion-amount.ts';
import type { Payout } from '../../core/conversion-payout.ts';
import { micros } from '../../core/money.ts';
import type { Db } from '../connection.ts';

/** What ingest needs to know of an ad account. */
export interface IngestAccount {
  readonly id: string;
  readonly workspaceId: string;
  readonly network: string;
  readonly currency: string;
  readonly zone: string;
}

/** The accounts, clocks and sources of the workspaces that a batch touches. */
export interface Ground {
  readonly accounts: ReadonlyMap<string, IngestAccount>;
  /** Accounts of one workspace. */
  accountsOf(workspaceId: string): readonly IngestAccount[];
  /** A source's own attribution windows. */
  windowsOf(sourceId: string): OwnWindows;
  /** What a further message about one of its conversions does. */
  duplicatesOf(sourceId: string): DuplicatePolicy;
  /** The payout table of a workspace. */
  payoutsOf(workspaceId: string): readonly Payout[];
  nowMs(workspaceId: string): number;
}

interface GroundRow {
  workspace_id: string;
  clock_origin: Date;
  clock_wall_origin: Date;
  clock_rate: number;
  clock_stopped_at: Date | null;
  accounts: readonly { id: string; network: string; currency: string; time_zone: string }[];
  payouts: readonly StoredPayout[];
}

type StoredPayout = Omit<Payout, 'micros'> & { readonly micros: number };

/** Reads the ground once per transaction: small tables, always current. */
export async function loadGround(
  trx: Db,
  workspaceIds: readonly string[],
  sourceIds: readonly string[],
  wallMs: number,
): Promise<Ground> {
  const { rows } = await sql<GroundRow>`
    select w.id as workspace_id, w.clock_origin, w.clock_wall_origin, w.clock_rate, w.clock_stopped_at,
           coalesce((select jsonb_agg(jsonb_build_object('id', a.id, 'network', a.network, 'currency', a.currency,
                                                         'time_zone', a.time_zone) order by a.id)
                     from ad_account a where a.workspace_id = w.id), '[]') as accounts,
           coalesce((select jsonb_agg(jsonb_build_object(
                       'event', p.event, 'linkId', p.link_id, 'campaignId', p.campaign_id::text, 'country', p.country,
                       'validFromMs', extract(epoch from p.valid_from) * 1000, 'micros', p.micros,
                       'currency', p.currency) order by p.id)
                     from payout p where p.workspace_id = w.id), '[]') as payouts
    from workspace w where w.id = any(${workspaceIds}::text[])`.execute(trx);
  const sources = await trx
    .selectFrom('source')
    .select(['id', 'settings'])
    .where('id', 'in', sourceIds.length > 0 ? sourceIds : [''])
    .execute();

  const accounts = new Map<string, IngestAccount>();
  const byWorkspace = new Map<string, IngestAccount[]>();
  const payouts = new Map<string, readonly Payout[]>();
  const clocks = new Map<string, WorkspaceClock>();
  for (const row of rows) {
    clocks.set(row.workspace_id, {
      originMs: row.clock_origin.getTime(),
      wallOriginMs: row.clock_wall_origin.getTime(),
      rate: row.clock_rate,
      stoppedAtMs: row.clock_stopped_at?.getTime() ?? null,
    });
    const own = row.accounts.map((a) => ({
      id: a.id,
      workspaceId: row.workspace_id,
      network: a.network,
      currency: a.currency,
      zone: a.time_zone,
    }));
    byWorkspace.set(row.workspace_id, own);
    payouts.set(
      row.workspace_id,
      row.payouts.map((line) => ({ ...line, micros: micros(line.micros) })),
    );
    for (const account of own) accounts.set(account.id, account);
  }
  const windows = new Map(sources.map((source) => [source.id, readWindows(source.settings)]));
  const duplicates = new Map(
    sources.map(({ id, settings }) => [id, readDuplicatePolicy(settings['duplicates']) ?? 'update']),
  );
  return {
    accounts,
    accountsOf: (workspaceId) => byWorkspace.get(workspaceId) ?? [],
    windowsOf: (sourceId) => windows.get(sourceId) ?? {},
    duplicatesOf: (sourceId) => duplicates.get(sourceId) ?? 'update',
    payoutsOf: (workspaceId) => payouts.get(workspaceId) ?? [],
    nowMs(workspaceId) {
      const clock = clocks.get(workspaceId);
      return clock ? workspaceNow(clock, wallMs) : wallMs;
    },
  };
}

/**
 * `windowHours` and `viewWindowHours`: {"install": 24, "purchase": 168}; `reengagementHours`: a number.
 * Whatever is not a positive number there is not a window.
 */
export function readWindows(settings: Readonly<Record<string, unknown>>): OwnWindows {
  const { reengagementHours } = settings;
  return {
    clicks: readHours(settings['windowHours']),
    views: readHours(settings['viewWindowHours']),
    ...(isHours(reengagementHours) ? { reengagementHours } : {}),
  };
}

function readHours(own: unknown): Readonly<Record<string, number>> {
  if (typeof own !== 'object' || own === null) return {};
  return Object.fromEntries(
    Object.entries(own).filter((entry): entry is [string, number] => isHours(entry[1])),
  );
}

const isHours = (value: unknown): value is number => typeof value === 'number' && value > 0;
