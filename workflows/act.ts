import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ActInput, ActResult } from '../activities/contract.ts';
import { change, type Finding, records } from './change.ts';
import { askForConsent } from './consent.ts';
import { lookAgainLater } from './look-again.ts';
import { BID_OUTCOME } from './search-attributes.ts';

/** Pauses one object; with `untilMs` it resumes by itself, if the pause is still ours then. */
export async function pauseObject(input: ActInput): Promise<ActResult> {
  return carryOut(input);
}

/** Lets one object deliver again. */
export async function resumeObject(input: ActInput): Promise<ActResult> {
  return carryOut(input);
}

/** Sets one object's bid or cap to an absolute value. */
export async function changeBid(input: ActInput): Promise<ActResult> {
  return carryOut(input);
}

/** Sets one object's budget to an absolute value. */
export async function changeBudget(input: ActInput): Promise<ActResult> {
  return carryOut(input);
}

/**
 * Carries one decision out: consent, lease, live value, guardrails, one write, read back, record, later the effect.
 *
 * A business refusal completes the workflow with its outcome; the workflow fails only when someone must look.
 */
async function carryOut(input: ActInput): Promise<ActResult> {
  const result = await untilClosed(input);
  if (result.outcome === 'unverified') {
    throw ApplicationFailure.nonRetryable(
      `${result.sentence}. Look at the object at the network and set it by hand.`,
      'unverified',
    );
  }
  // The record stands: cancelling from here on only ends the waiting.
  if (result.outcome === 'applied') await lookAgainLater(input);
  return result;
}

async function untilClosed(input: ActInput): Promise<ActResult> {
  try {
    return await consentAndChange(input);
  } catch (error) {
    if (isCancellation(error)) {
      const words = 'cancelled in Temporal before anything was written';
      await close(input, { outcome: 'cancelled', words, live: null }, null);
    }
    throw error;
  }
}

async function consentAndChange(input: ActInput): Promise<ActResult> {
  const { outcome, words, by } = await askForConsent(input);
  if (outcome !== null) return close(input, { outcome, words, live: null }, by);
  return close(input, await changeUnderLease(input), by);
}

async function changeUnderLease(input: ActInput): Promise<Finding> {
  try {
    return (await waitForLease(input))
      ? await change(input)
      : { outcome: 'target_busy', words: 'another decision was acting on this object', live: null };
  } finally {
    await CancellationScope.nonCancellable(() => records.releaseLease({ decisionId: input.decisionId }));
  }
}

/** One acting decision per object: waits a while for another one to finish. */
async function waitForLease(input: ActInput): Promise<boolean> {
  const { busyForMs, pauseMs } = input.timing;
  const workflowId = workflowInfo().workflowId;
  for (let waitedMs = 0, nextMs = pauseMs; ; nextMs *= 2) {
    const lease = await records.takeLease({ decisionId: input.decisionId, workflowId });
    if (lease.taken) return true;
    if (waitedMs >= busyForMs) return false;
    await sleep(nextMs, {
      summary: `another decision is acting on this object: ${lease.heldBy ?? 'unknown'}`,
    });
    waitedMs += nextMs;
  }
}

/** Records the outcome in PostgreSQL and on what survives in Temporal without a worker. */
async function close(input: ActInput, finding: Finding, by: string | null): Promise<ActResult> {
  const { outcome, words, live } = finding;
  return CancellationScope.nonCancellable(async () => {
    const { sentence, page } = await records.closeDecision({
      decisionId: input.decisionId,
      outcome,
      words,
      by,
      live,
    });
    upsertSearchAttributes([{ key: BID_OUTCOME, value: outcome }]);
    upsertMemo({ outcome, sentence });
    setCurrentDetails(page);
    return { outcome, sentence, by };
  });
}
