import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  ActInput,
  ActNetworkActivities,
  ActOutcome,
  ActRecordActivities,
  ActResult,
  Reading,
  TargetInput,
  WriteAnswer,
} from '../activities/contract.ts';
import { askForConsent } from './consent.ts';
import { networkQueue } from './names.ts';
import { BID_OUTCOME } from './search-attributes.ts';

/** Writes of a repeated attempt: one for the first, one for each look-up that found the old value still standing. */
const MAX_ATTEMPTS = 5;

// Records are short transactions in our own database: they wait for it as long as it is away.
const records = proxyActivities<ActRecordActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds' },
});

type Finding = {
  readonly outcome: ActOutcome;
  readonly words: string;
  readonly live: Extract<Reading, { live: unknown }>['live'] | null;
};

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
  try {
    return await consentAndChange(input);
  } catch (error) {
    if (isCancellation(error)) {
      const words = 'cancelled in Temporal; the action log says what had been sent';
      await close(input, { outcome: 'cancelled', words, live: null }, null);
    }
    throw error;
  }
}

async function consentAndChange(input: ActInput): Promise<ActResult> {
  const consent = await askForConsent(input);
  const by = consent.by;
  if (consent.outcome !== null)
    return close(input, { outcome: consent.outcome, words: consent.words, live: null }, by);

  if (!(await waitForLease(input))) {
    return close(
      input,
      { outcome: 'target_busy', words: 'another decision was acting on this object', live: null },
      by,
    );
  }
  let finding: Finding;
  try {
    finding = await change(input);
  } finally {
    await CancellationScope.nonCancellable(() => records.releaseLease({ decisionId: input.decisionId }));
  }
  const result = await close(input, finding, by);
  if (finding.outcome === 'unverified') {
    throw ApplicationFailure.nonRetryable(
      `${result.sentence}. Look at the object at the network and set it by hand.`,
      'unverified',
    );
  }
  if (finding.outcome === 'applied') await lookAgainLater(input);
  return result;
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

/** The write itself, between two looks at the live value. Holds the lease. */
async function change(input: ActInput): Promise<Finding> {
  const { timing } = input;
  const target: TargetInput = {
    decisionId: input.decisionId,
    accountId: input.accountId,
    network: input.network,
    level: input.level,
    objectNetworkId: input.objectNetworkId,
    change: input.change,
    expected: input.expected,
  };
  // Reads are repeated for as long as it takes: a write of unknown result may stand behind them.
  const network = proxyActivities<ActNetworkActivities>({
    taskQueue: networkQueue(input.accountId),
    startToCloseTimeout: timing.readMs,
    retry: { initialInterval: timing.pauseMs, backoffCoefficient: 2, maximumInterval: '1 minute' },
  });

  /** The action whose result is not known yet. */
  let unknownActionId: string | null = null;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const reading = await network.readLive.executeWithOptions(
      { summary: attempt === 1 ? 'live value' : 'did it happen?' },
      [target],
    );
    if (reading.standing === 'gone') return { outcome: 'gone', words: reading.words, live: null };
    if (reading.standing === 'unreadable') {
      return {
        outcome: unknownActionId === null ? 'network_refused' : 'unverified',
        words: reading.words,
        live: null,
      };
    }
    if (reading.standing === 'already_so') {
      if (unknownActionId === null)
        return { outcome: 'already_so', words: reading.words, live: reading.live };
      await records.recordVerified({
        decisionId: input.decisionId,
        actionId: unknownActionId,
        live: reading.live,
      });
      return {
        outcome: 'applied',
        words: `the answer was lost, the change is there: ${reading.words}`,
        live: reading.live,
      };
    }
    if (unknownActionId !== null) {
      await records.recordNotApplied({ actionId: unknownActionId, words: reading.words });
      unknownActionId = null;
    }
    if (reading.standing === 'moved')
      return { outcome: 'superseded', words: reading.words, live: reading.live };

    const reservation = await records.reserve({ decisionId: input.decisionId, attempt });
    if (!reservation.reserved)
      return { outcome: reservation.outcome, words: reservation.words, live: reading.live };
    const { actionId } = reservation;
    const answer = await writeOnce(input, target, actionId);
    await records.recordAnswer({ actionId, answer });

    switch (answer.kind) {
      case 'refused':
        return { outcome: 'network_refused', words: answer.words, live: reading.live };
      case 'halted':
        return { outcome: 'halted', words: answer.words, live: reading.live };
      case 'wait':
        await sleep(answer.afterMs, { summary: answer.words });
        continue;
      case 'unknown':
        unknownActionId = actionId;
        await sleep(timing.pauseMs, { summary: 'result unknown: look before repeating' });
        continue;
      case 'accepted': {
        try {
          const seen = await network.readBack.executeWithOptions(
            { summary: `read back: ${input.changeWords}`, scheduleToCloseTimeout: timing.readBackForMs },
            [target],
          );
          if (seen.standing !== 'already_so') return { outcome: 'unverified', words: seen.words, live: null };
          await records.recordVerified({ decisionId: input.decisionId, actionId, live: seen.live });
          return { outcome: 'applied', words: seen.words, live: seen.live };
        } catch (error) {
          if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
          return {
            outcome: 'unverified',
            words: `${input.changeWords} was accepted but is not there`,
            live: null,
          };
        }
      }
    }
  }
  return unknownActionId === null
    ? {
        outcome: 'not_applied',
        words: `the network did not take the change in ${MAX_ATTEMPTS} attempts`,
        live: null,
      }
    : { outcome: 'unverified', words: 'the result of the last attempt is not known', live: null };
}

/** One write. A worker that dies or never answers leaves the result unknown; the write is never retried by Temporal. */
async function writeOnce(input: ActInput, target: TargetInput, actionId: string): Promise<WriteAnswer> {
  const { applyChange } = proxyActivities<ActNetworkActivities>({
    taskQueue: networkQueue(input.accountId),
    startToCloseTimeout: input.timing.writeMs,
    retry: { maximumAttempts: 1 },
    // A write that was sent cannot be called back: its answer is always waited for.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
  try {
    return await CancellationScope.nonCancellable(() =>
      applyChange.executeWithOptions({ summary: input.changeWords }, [{ ...target, actionId }]),
    );
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { kind: 'unknown', words: 'no answer from the worker that wrote', requestId: null };
  }
}

/** Records the outcome in PostgreSQL and on what survives in Temporal without a worker. */
async function close(input: ActInput, finding: Finding, by: string | null): Promise<ActResult> {
  const { outcome, words, live } = finding;
  return CancellationScope.nonCancellable(async () => {
    const { sentence } = await records.closeDecision({
      decisionId: input.decisionId,
      outcome,
      words,
      by,
      live,
    });
    upsertSearchAttributes([{ key: BID_OUTCOME, value: outcome }]);
    upsertMemo({ outcome, sentence });
    setCurrentDetails(`**${outcome}**: ${sentence}`);
    return { outcome, sentence, by };
  });
}

/** After the change: its effect, and the end of a pause that was meant to end. */
async function lookAgainLater(input: ActInput): Promise<void> {
  const { checkAfterMs, resumeAfterMs } = input;
  const check = async () => {
    if (checkAfterMs === null) return;
    await sleep(checkAfterMs, { summary: 'then look at the effect' });
    const effect = await records.measureEffect({ decisionId: input.decisionId });
    setCurrentDetails(effect.sentence);
  };
  const resume = async () => {
    for (let waitMs = resumeAfterMs; waitMs !== null;) {
      await sleep(waitMs, { summary: 'then end the pause, if it is still ours' });
      const ended = await records.endPause({ decisionId: input.decisionId });
      setCurrentDetails(ended.sentence);
      waitMs = ended.waitMs;
    }
  };
  await Promise.all([check(), resume()]);
}
