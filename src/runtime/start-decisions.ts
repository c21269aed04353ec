import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import type { ActInput, ActTiming } from '../../activities/contract.ts';
import { TASK_QUEUE, WORKFLOW, WORKFLOW_ID } from '../../workflows/names.ts';
import * as attributes from '../../workflows/search-attributes.ts';
import { wallDuration } from '../core/clock.ts';
import type { Db } from '../db/connection.ts';
import { closeDecision, type DueDecision, loadDueDecisions, markStarted } from '../db/decision.ts';
import { messageOf } from '../errors.ts';

/** Starts one after another would wait on round trips; more than this at once only queues up in the server. */
const AT_ONCE = 15;
const PAGE = 200;
/** gRPC status. */
const INVALID_ARGUMENT = 3;

export const DEFAULT_ACT_TIMING: ActTiming = {
  readMs: 30_000,
  // Adapters give a write 20 s to answer; beyond a minute the worker itself is gone.
  writeMs: 60_000,
  queueMs: 300_000,
  readBackForMs: 120_000,
  busyForMs: 120_000,
  pauseMs: 1_000,
};

export interface StartDeps {
  readonly db: Db;
  readonly client: Client;
  readonly timing: ActTiming;
  readonly wallNowMs: () => number;
}

/**
 * Starts every due decision of an account that has no workflow yet: the decision row is the outbox, so a crash between
 * storing and starting costs a delay and nothing else. Starting twice is harmless, the id is the decision's.
 *
 * @returns how many were started.
 */
export async function startDueDecisions(deps: StartDeps, accountId: string): Promise<number> {
  let started = 0;
  for (;;) {
    const due = await loadDueDecisions(deps.db, accountId, PAGE);
    for (let first = 0; first < due.length; first += AT_ONCE) {
      const some = due.slice(first, first + AT_ONCE);
      const results = await Promise.allSettled(some.map((decision) => start(deps, decision)));
      const ids = some.filter((_, index) => results[index]?.status === 'fulfilled').map(({ id }) => id);
      await markStarted(deps.db, ids, deps.wallNowMs());
      started += ids.length;
      for (const [index, result] of results.entries()) {
        const decision = some[index];
        if (result.status === 'fulfilled' || decision === undefined) continue;
        // A start that can never succeed must not keep all others, and the account's next look, from happening.
        if (grpcCode(result.reason) !== INVALID_ARGUMENT) throw result.reason;
        await closeDecision(deps.db, {
          decisionId: decision.id,
          outcome: 'not_applied',
          detail: `Temporal does not accept its workflow: ${messageOf(result.reason)}`,
          nowMs: decision.decidedAtMs,
        });
      }
    }
    if (due.length < PAGE) return started;
  }
}

async function start(deps: StartDeps, decision: DueDecision): Promise<void> {
  const { plan } = decision;
  try {
    await deps.client.workflow.start(WORKFLOW[plan.change.kind], {
      workflowId: WORKFLOW_ID.act(decision.id),
      taskQueue: TASK_QUEUE,
      args: [actInput(decision, deps.timing)],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: plan.summary,
      staticDetails: plan.details,
      memo: { decision: decision.id, strategy: decision.strategy, sentence: decision.sentence },
      typedSearchAttributes: searchAttributes(decision),
    });
  } catch (error) {
    // It ran and is closed: started by a process that died before it could say so here.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function grpcCode(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if ('code' in cause) return cause.code;
  return undefined;
}

/** Keyword columns of a SQL visibility store hold 255 characters; a longer name would never be listed. */
function keyword(text: string): string {
  return text.slice(0, 200).toWellFormed();
}

function actInput(decision: DueDecision, timing: ActTiming): ActInput {
  const { plan, rate } = decision;
  const wall = (workspaceMs: number): number => wallDuration({ rate }, workspaceMs);
  const untilMs = plan.change.kind === 'pause' ? plan.change.untilMs : undefined;
  const { approval } = plan;
  return {
    decisionId: decision.id,
    accountId: decision.accountId,
    network: decision.network,
    level: decision.level,
    objectId: decision.objectId,
    objectNetworkId: decision.objectNetworkId,
    change: plan.change,
    expected: plan.expected,
    changeWords: plan.changeWords,
    approval: approval && {
      withinMs: wall(approval.withinMs),
      atDeadline: approval.atDeadline,
      words: `approve or reject; without an answer: ${approval.atDeadline}`,
    },
    checkAfterMs: plan.checkAfterMs === null ? null : wall(plan.checkAfterMs),
    resumeAfterMs: untilMs === undefined ? null : wall(Math.max(0, untilMs - decision.decidedAtMs)),
    timing,
  };
}

function searchAttributes(decision: DueDecision): SearchAttributePair[] {
  const { plan } = decision;
  return [
    { key: attributes.BID_NETWORK, value: decision.network },
    { key: attributes.BID_ACCOUNT, value: keyword(decision.accountName) },
    ...(decision.campaignName === null
      ? []
      : [{ key: attributes.BID_CAMPAIGN, value: keyword(decision.campaignName) }]),
    ...(decision.adsetName === null
      ? []
      : [{ key: attributes.BID_AD_SET, value: keyword(decision.adsetName) }]),
    { key: attributes.BID_OBJECT, value: keyword(decision.objectName) },
    { key: attributes.BID_RULE, value: keyword(`${decision.strategy} / ${decision.rule ?? 'undo'}`) },
    { key: attributes.BID_ACTION, value: plan.change.kind },
    { key: attributes.BID_OUTCOME, value: plan.approval === null ? 'acting' : 'waiting' },
    { key: attributes.BID_AS_OF, value: new Date(decision.asOfMs) },
    ...(plan.delta === null ? [] : [{ key: attributes.BID_DELTA, value: plan.delta }]),
  ];
}
