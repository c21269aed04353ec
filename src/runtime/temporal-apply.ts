import {
  type Client,
  type Connection,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
} from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { NativeConnection } from '@temporalio/worker';
import {
  DEFAULT_SHARD,
  networkQueue,
  SCHEDULE_ID,
  TASK_QUEUE,
  WORKFLOW,
  WORKFLOW_ID,
} from '../../workflows/names.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { wallDuration } from '../core/clock.ts';
import type { Db } from '../db/connection.ts';
import { optimizerInput } from './wake-optimizer.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Closed workflows are the readable audit and the duplicate check: a dev server would forget them after a day. */
const RETENTION_MS = 90 * DAY_MS;
/** One drain activity; a reader of its history sees two of them a minute at most. Wall time. */
const DRAIN_FOR_MS = 45_000;
/** A look for trouble costs a few queries, and none where nobody wants to be told. Wall time. */
const ALERTS_EVERY_MS = MINUTE_MS;
/** A history of some thousand events: half a day. */
const ALERT_LOOKS_PER_RUN = 720;

/** gRPC status. */
const ALREADY_EXISTS = 6;

/**
 * Brings any Temporal address to the state this version needs: retention and search attributes. Run at every boot
 * (keys given when a dev server's file was created are not added to an existing file); safe to repeat, also from
 * several processes at once.
 */
export async function applyTemporal(
  connection: Connection | NativeConnection,
  namespace: string,
): Promise<void> {
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) },
  });
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  for (const { name, type } of SEARCH_ATTRIBUTES) {
    if (known.customAttributes?.[name] !== undefined) continue;
    const indexed = encodeSearchAttributeIndexedValueType(type);
    if (indexed === undefined) throw new Error(`search attribute ${name} has no type`);
    try {
      // One at a time: another booting process may have added any of them.
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: { [name]: indexed },
      });
    } catch (error) {
      if (grpcCode(error) !== ALREADY_EXISTS) throw error;
    }
  }
}

/** The drain workflow, the watch over trouble and the maintenance schedule of the installation. `rate` is its fastest workspace clock. */
export async function ensureInstallation(client: Client, rate: number): Promise<void> {
  await client.workflow.start(WORKFLOW.ingest, {
    workflowId: WORKFLOW_ID.ingest(DEFAULT_SHARD),
    taskQueue: TASK_QUEUE,
    args: [{ shard: DEFAULT_SHARD, forMs: DRAIN_FOR_MS }],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'from inbox to conversions and hourly figures',
  });
  await client.workflow.start(WORKFLOW.alerts, {
    workflowId: WORKFLOW_ID.alerts,
    taskQueue: TASK_QUEUE,
    args: [{ everyMs: ALERTS_EVERY_MS, looksPerRun: ALERT_LOOKS_PER_RUN }],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'tells those who want to know what is wrong',
  });
  await ensureSchedule(client, {
    scheduleId: SCHEDULE_ID.maintain,
    everyMs: Math.max(MINUTE_MS, wallDuration({ rate }, HOUR_MS)),
    offsetKey: SCHEDULE_ID.maintain,
    workflowType: WORKFLOW.maintain,
    workflowId: 'maintain',
    input: {},
    note: 'partitions, expired keys, leases of closed workflows, rates',
  });
}

/** An ad account's optimizer workflow and its schedules. Intervals are workspace time, with a least wall time. */
export async function ensureAccount(
  client: Client,
  account: { readonly id: string; readonly rate: number },
): Promise<void> {
  const { id, rate } = account;
  const every = (workspaceMs: number, leastWallMs: number): number =>
    Math.max(leastWallMs, wallDuration({ rate }, workspaceMs));
  await client.workflow.start(WORKFLOW.optimizeAccount, {
    workflowId: WORKFLOW_ID.optimize(id),
    taskQueue: TASK_QUEUE,
    args: [optimizerInput(id)],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `decides for ${id} as postbacks and costs arrive`,
  });
  await ensureSchedule(client, {
    scheduleId: SCHEDULE_ID.sync(id),
    everyMs: every(15 * MINUTE_MS, 5 * SECOND_MS),
    offsetKey: id,
    workflowType: WORKFLOW.sync,
    workflowId: SCHEDULE_ID.sync(id),
    input: { accountId: id, depth: 'trailing' },
    note: `objects, and spend of today and yesterday, from the network (${networkQueue(id)})`,
  });
  await ensureSchedule(client, {
    scheduleId: SCHEDULE_ID.deepSync(id),
    everyMs: every(DAY_MS, 10 * MINUTE_MS),
    offsetKey: id,
    workflowType: WORKFLOW.sync,
    workflowId: SCHEDULE_ID.deepSync(id),
    input: { accountId: id, depth: 'deep' },
    note: 'spend of the last 28 days once more: networks restate it',
  });
  await ensureSchedule(client, {
    scheduleId: SCHEDULE_ID.fullPass(id),
    everyMs: every(30 * MINUTE_MS, 15 * SECOND_MS),
    offsetKey: id,
    workflowType: WORKFLOW.fullPass,
    workflowId: SCHEDULE_ID.fullPass(id),
    input: { accountId: id },
    note: 'looks at every object, also those without news',
  });
  await ensureSchedule(client, {
    scheduleId: SCHEDULE_ID.learn(id),
    everyMs: every(HOUR_MS, 20 * SECOND_MS),
    offsetKey: id,
    workflowType: WORKFLOW.learn,
    workflowId: SCHEDULE_ID.learn(id),
    input: { accountId: id },
    note: 'delays, rates and sizes of orders, from what has matured',
  });
}

/** Ends what runs for an account that was removed. */
export async function removeAccount(client: Client, id: string): Promise<void> {
  for (const name of ['sync', 'deepSync', 'fullPass', 'learn'] as const) {
    const scheduleId = SCHEDULE_ID[name](id);
    await client.schedule.getHandle(scheduleId).delete().catch(ignoreMissing);
  }
  await client.workflow
    .getHandle(WORKFLOW_ID.optimize(id))
    .terminate('the ad account was removed')
    .catch(ignoreMissing);
}

interface Wanted {
  readonly scheduleId: string;
  readonly everyMs: number;
  readonly offsetKey: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly input: object;
  readonly note: string;
}

async function ensureSchedule(client: Client, wanted: Wanted): Promise<void> {
  const options = {
    // Spread by a hash instead of jitter: the time of an account's next pass can be read off.
    spec: { intervals: [{ every: wanted.everyMs, offset: offset(wanted.offsetKey, wanted.everyMs) }] },
    action: {
      type: 'startWorkflow',
      workflowType: wanted.workflowType,
      workflowId: wanted.workflowId,
      taskQueue: TASK_QUEUE,
      args: [wanted.input],
      staticSummary: wanted.note,
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      // One missed run is made up for; more would only repeat it. The server wants at least 10 s.
      catchupWindow: Math.max(10 * SECOND_MS, wanted.everyMs),
    },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await client.schedule.create({
      ...options,
      scheduleId: wanted.scheduleId,
      state: { note: wanted.note, triggerImmediately: true },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // A pause set by an operator stays.
    await client.schedule
      .getHandle(wanted.scheduleId)
      .update((previous) => ({ ...options, state: previous.state }));
  }
}

function offset(key: string, everyMs: number): number {
  let hash = 2_166_136_261;
  for (const character of key) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return Math.floor((hash / 2 ** 32) * (everyMs / SECOND_MS)) * SECOND_MS;
}

function grpcCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function ignoreMissing(error: unknown): void {
  const name = error instanceof Error ? error.name : '';
  if (name !== 'WorkflowNotFoundError' && name !== 'ScheduleNotFoundError') throw error;
}

/** The accounts Temporal should know, with the rate of their workspace's clock. */
export async function listAccountsToRun(db: Db): Promise<
  readonly {
    readonly id: string;
    readonly network: string;
    readonly currency: string;
    readonly rate: number;
  }[]
> {
  const rows = await db
    .selectFrom('ad_account as a')
    .innerJoin('workspace as w', 'w.id', 'a.workspace_id')
    .select(['a.id', 'a.network', 'a.currency', 'w.clock_rate as rate'])
    .orderBy('a.id')
    .execute();
  return rows;
}
