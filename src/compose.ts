import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { createActNetworkActivities, createActRecordActivities, type ActDeps } from '../activities/act.ts';
import type { ActTiming } from '../activities/contract.ts';
import { createForwardActivities } from '../activities/forward.ts';
import { createIngestActivities } from '../activities/ingest.ts';
import { createLearnActivities } from '../activities/learn.ts';
import { createAlertActivities } from '../activities/alerts.ts';
import { createMaintainActivities } from '../activities/maintain.ts';
import { createOptimizeActivities } from '../activities/optimize.ts';
import { createSyncActivities } from '../activities/sync.ts';
import type pg from 'pg';
import { SUPERSEDE_SIGNAL, WORKFLOW_ID } from '../workflows/names.ts';
import { DEFAULT_GUARDRAILS } from './core/guardrails.ts';
import { openAccountAccess } from './account-access.ts';
import { destinationOf, openDestination } from './destination-access.ts';
import { workspaceNow } from './core/clock.ts';
import { alertContext } from './db/alerts.ts';
import { loadClock, loadNow } from './db/clock.ts';
import type { Db } from './db/connection.ts';
import { resolveLateObjects } from './db/ingest/resolve-late-objects.ts';
import { loadStrategyVersion } from './db/strategy.ts';
import type { Logger } from './log.ts';
import type { NetworkRegistry } from './networks/registry.ts';
import { OperatorError } from './errors.ts';
import { sendRequest } from './outbound-send.ts';
import type { GuardRules } from './outbound/guard.ts';
import { ownMark } from './own-addresses.ts';
import { DEFAULT_ACT_TIMING, startDueDecisions } from './runtime/start-decisions.ts';
import { sweep } from './runtime/sweep.ts';
import { open } from './secrets.ts';
import { createWakeForward } from './runtime/wake-forward.ts';
import { createWakeOptimizer } from './runtime/wake-optimizer.ts';

export interface ComposeDeps {
  readonly db: Db;
  /** For the connection of its own that LISTEN needs. */
  readonly pool: pg.Pool;
  readonly client: Client;
  /** Opens sealed credentials. */
  readonly secretKey: Buffer;
  readonly networks: NetworkRegistry;
  readonly log: Logger;
  readonly wallNowMs: () => number;
  /** Days that clicks and postbacks are kept as received; 90 when left out, 0 for ever. */
  readonly rawDays?: number;
  /** What postbacks out may call; the public internet alone when left out. */
  readonly outbound?: OutboundRules;
  /** Shorter for tests. */
  readonly actTiming?: Partial<ActTiming>;
}

export interface OutboundRules {
  readonly guard: GuardRules;
  /** Shorter for tests: how long a receiver may take, and how long until a worker that sent counts as gone; wall ms. */
  readonly timeoutMs?: number;
  readonly abandonedAfterMs?: number;
}

const PUBLIC_INTERNET: OutboundRules = { guard: { ownHosts: [], ownAddresses: [], allowed: [] } };

/**
 * The one place that wires: activities get their database, clocks, networks and client here, and nowhere else.
 *
 * @returns the activities of the shared queue, and those that call a network and run on the accounts' own queues.
 */
export function composeActivities(deps: ComposeDeps) {
  const { db, client, wallNowMs } = deps;
  const timing: ActTiming = { ...DEFAULT_ACT_TIMING, ...deps.actTiming };
  const startDue = (accountId: string) => startDueDecisions({ db, client, timing, wallNowMs }, accountId);
  const networkOf = (network: string) => deps.networks.get(network);

  const act: ActDeps = {
    db,
    networkOf,
    openAccess: (accountId) => openAccountAccess(db, deps.secretKey, accountId),
    async nowOf(accountId) {
      const account = await db
        .selectFrom('ad_account')
        .select('workspace_id')
        .where('id', '=', accountId)
        .executeTakeFirstOrThrow();
      return loadNow(db, account.workspace_id, wallNowMs());
    },
    async limitsOf(id, version) {
      return (await loadStrategyVersion(db, id, version))?.compiled.guardrails ?? DEFAULT_GUARDRAILS;
    },
    wallNowMs,
    startDue,
  };
  const optimize = createOptimizeActivities({
    db,
    networkOf,
    wallNowMs,
    startDue,
    async supersede(decisionId, by) {
      try {
        await client.workflow.getHandle(WORKFLOW_ID.act(decisionId)).signal(SUPERSEDE_SIGNAL, by);
      } catch (error) {
        // It has ended meanwhile.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    tell: (accountId, news) => deps.log.warn({ accountId }, news),
    progress: (done) => Context.current().heartbeat(done),
    async sweep(accountId) {
      const { workspace_id } = await db
        .selectFrom('ad_account')
        .select('workspace_id')
        .where('id', '=', accountId)
        .executeTakeFirstOrThrow();
      const clock = await loadClock(db, workspace_id);
      const wallMs = wallNowMs();
      await sweep(db, client, accountId, { nowMs: workspaceNow(clock, wallMs), wallMs, rate: clock.rate });
    },
  });

  const wakeOptimizer = createWakeOptimizer(client);
  const ingest = createIngestActivities({
    db,
    pool: deps.pool,
    wakeOptimizer,
    wakeForward: createWakeForward(client),
    wallNowMs,
    log: deps.log,
  });
  const { guard, timeoutMs, abandonedAfterMs } = deps.outbound ?? PUBLIC_INTERNET;
  const forward = createForwardActivities({
    db,
    openDestination: (row, withSecrets) => {
      if (withSecrets) return openDestination(deps.secretKey, row);
      const reading = destinationOf(row, {});
      if (reading.ok) return reading.destination;
      throw new OperatorError('bad_destination', reading.problems.join('; '), {
        next: `./bidloop destination set ${row.id}`,
      });
    },
    send: (request) =>
      sendRequest(request, { guard, wallNowMs, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    guard,
    mark: ownMark(deps.secretKey),
    wallNowMs,
    beat: () => {
      Context.current().heartbeat();
      return { stop: Context.current().cancellationSignal.aborted };
    },
    log: deps.log,
    ...(abandonedAfterMs === undefined ? {} : { abandonedAfterMs }),
  });
  const learn = createLearnActivities({ db, wallNowMs });
  const maintain = createMaintainActivities({ db, wallNowMs, rawDays: deps.rawDays });
  const alerts = createAlertActivities({
    db,
    wallNowMs,
    openUrl: (workspaceId, sealed) => open(deps.secretKey, sealed, alertContext(workspaceId)),
    log: deps.log,
  });
  const sync = createSyncActivities({ ...act, wakeOptimizer, resolveLateObjects });

  return {
    shared: {
      ...ingest,
      ...forward,
      ...learn,
      ...maintain,
      ...alerts,
      ...optimize,
      ...createActRecordActivities(act),
    },
    network: { ...sync, ...createActNetworkActivities(act) },
    wakeOptimizer,
  };
}
