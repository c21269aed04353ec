import {
  ActivityFailure,
  CancellationScope,
  proxyActivities,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type {
  ActInput,
  ActNetworkActivities,
  ActOutcome,
  ActRecordActivities,
  Reading,
  TargetInput,
  WriteAnswer,
} from '../activities/contract.ts';
import { networkQueue } from './names.ts';

/** Writes of one decision: the first, and one for each look-up that found the old value still standing. */
const MAX_ATTEMPTS = 5;

/** Records are short transactions in our own database: they wait for it as long as it is away. */
export const records = proxyActivities<ActRecordActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds' },
});

export type Finding = {
  readonly outcome: ActOutcome;
  readonly words: string;
  readonly live: Extract<Reading, { live: unknown }>['live'] | null;
};

/**
 * The write itself, between two looks at the live value; its caller holds the lease. What was sent cannot be called
 * back: a cancellation ends this before a write, and is not heard between a write and the record of what it came to.
 */
export async function change(input: ActInput): Promise<Finding> {
  const caller = CancellationScope.current();
  return CancellationScope.nonCancellable(() => attempts(input, caller));
}

async function attempts(input: ActInput, caller: CancellationScope): Promise<Finding> {
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
  for (let attempt = 1; ; attempt += 1) {
    const look = () =>
      network.readLive.executeWithOptions({ summary: attempt === 1 ? 'live value' : 'did it happen?' }, [
        target,
      ]);
    const reading: Reading = unknownActionId === null ? await caller.run(look) : await look();
    if (reading.standing === 'gone') return { outcome: 'gone', words: reading.words, live: null };
    if (reading.standing === 'unreadable') {
      return {
        outcome: unknownActionId === null ? 'network_refused' : 'unverified',
        words: reading.words,
        live: null,
      };
    }
    const { live } = reading;
    if (reading.standing === 'already_so') {
      if (unknownActionId === null) return { outcome: 'already_so', words: reading.words, live };
      await records.recordVerified({ decisionId: input.decisionId, actionId: unknownActionId, live });
      return {
        outcome: 'applied',
        words: `the answer was lost, the change is there: ${reading.words}`,
        live,
      };
    }
    if (unknownActionId !== null) {
      await records.recordNotApplied({ actionId: unknownActionId, words: reading.words });
      unknownActionId = null;
    }
    if (reading.standing === 'moved') return { outcome: 'superseded', words: reading.words, live };
    if (attempt > MAX_ATTEMPTS) {
      return {
        outcome: 'not_applied',
        words: `the network did not take the change in ${MAX_ATTEMPTS} attempts`,
        live,
      };
    }

    if (caller.consideredCancelled)
      return { outcome: 'cancelled', words: 'cancelled in Temporal; nothing was changed', live };
    const reservation = await records.reserve({ decisionId: input.decisionId, attempt });
    if (!reservation.reserved) return { outcome: reservation.outcome, words: reservation.words, live };
    const { actionId } = reservation;
    const answer = await writeOnce(input, target, actionId);
    await records.recordAnswer({ actionId, answer });

    switch (answer.kind) {
      case 'refused':
        return { outcome: 'network_refused', words: answer.words, live };
      case 'closed':
        return { outcome: answer.outcome, words: answer.words, live };
      case 'wait':
        await caller.run(() => sleep(answer.afterMs, { summary: answer.words }));
        continue;
      case 'unknown':
        unknownActionId = actionId;
        await sleep(timing.pauseMs, { summary: 'result unknown: look before repeating' });
        continue;
      case 'accepted': {
        const seen = await readBack(input, target);
        if (seen === null)
          return {
            outcome: 'unverified',
            words: `${input.changeWords} was accepted but is not there`,
            live: null,
          };
        if (seen.standing !== 'already_so')
          return { outcome: 'unverified', words: seen.words, live: 'live' in seen ? seen.live : null };
        await records.recordVerified({ decisionId: input.decisionId, actionId, live: seen.live });
        return { outcome: 'applied', words: seen.words, live: seen.live };
      }
    }
  }
}

/** Looks for an accepted write until it is there; null when the time for that is over. */
async function readBack(input: ActInput, target: TargetInput): Promise<Reading | null> {
  const network = proxyActivities<ActNetworkActivities>({
    taskQueue: networkQueue(input.accountId),
    startToCloseTimeout: input.timing.readMs,
    scheduleToCloseTimeout: input.timing.readBackForMs,
    retry: { initialInterval: input.timing.pauseMs, backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
  try {
    return await network.readBack.executeWithOptions({ summary: `read back: ${input.changeWords}` }, [
      target,
    ]);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return null;
  }
}

/** One write. A worker that dies or never answers leaves the result unknown; the write is never retried by Temporal. */
async function writeOnce(input: ActInput, target: TargetInput, actionId: string): Promise<WriteAnswer> {
  const { applyChange } = proxyActivities<ActNetworkActivities>({
    taskQueue: networkQueue(input.accountId),
    startToCloseTimeout: input.timing.writeMs,
    // A write that no worker has taken yet is given up, and the live value looked at anew: meanwhile it may have moved.
    scheduleToStartTimeout: input.timing.queueMs,
    retry: { maximumAttempts: 1 },
  });
  try {
    return await applyChange.executeWithOptions({ summary: input.changeWords }, [{ ...target, actionId }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START')
      return { kind: 'wait', afterMs: input.timing.pauseMs, words: 'no worker took the write in time' };
    return { kind: 'unknown', words: 'no answer from the worker that wrote', requestId: null };
  }
}
