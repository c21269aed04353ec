import { ApplicationFailure, Context } from '@temporalio/activity';
import type { DecisionPlan } from '../src/core/decision-plan.ts';
import { compareLive, leverWords } from '../src/core/compare-live.ts';
import { markdownText } from '../src/core/markdown.ts';
import type { LeverState } from '../src/core/object.ts';
import { recordActionAnswer, recordVerified, storeLiveState } from '../src/db/action.ts';
import type { Db } from '../src/db/connection.ts';
import { closeDecision, loadDecisionTarget } from '../src/db/decision.ts';
import { describeEffect } from '../src/db/effect.ts';
import { endPause } from '../src/db/follow-up.ts';
import { type EffectLimits, freeReservation, reserve, whyClosed } from '../src/db/guardrail.ts';
import { releaseLease, takeLease } from '../src/db/lease.ts';
import { type AccountAccess, type AdNetwork, NetworkError } from '../src/networks/ad-network.ts';
import type {
  ActNetworkActivities,
  ActRecordActivities,
  Reading,
  TargetInput,
  WriteAnswer,
} from './contract.ts';

export interface ActDeps {
  readonly db: Db;
  /** @throws when no adapter of that name is installed. */
  readonly networkOf: (network: string) => AdNetwork;
  /** Opens the account's credentials; they stay inside the activity. */
  readonly openAccess: (accountId: string) => Promise<AccountAccess>;
  /** Workspace time of the account's workspace. */
  readonly nowOf: (accountId: string) => Promise<number>;
  /** Limits of the strategy version that decided. */
  readonly limitsOf: (strategyId: string, version: number) => Promise<EffectLimits>;
  readonly wallNowMs: () => number;
  /** Starts decisions that wait to be started. */
  readonly startDue: (accountId: string) => Promise<number>;
}

/** When a network says it is busy without saying for how long. */
const WAIT_MS = 60_000;

/** The calls to the network, for the account's own queue. */
export function createActNetworkActivities(deps: ActDeps): ActNetworkActivities {
  async function look(input: TargetInput): Promise<Reading> {
    const network = deps.networkOf(input.network);
    try {
      const access = await deps.openAccess(input.accountId);
      const { exists, ...live } = await network.readLive(access, {
        level: input.level,
        networkId: input.objectNetworkId,
      });
      if (!exists || live.status === 'deleted' || live.status === 'archived') {
        return { standing: 'gone', words: `${network.title} no longer has it` };
      }
      return { ...compareLive(input.change, input.expected, live, access.currency), live };
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      switch (error.errorClass) {
        case 'GONE':
          return { standing: 'gone', words: `${network.title} no longer has it: ${error.message}` };
        case 'AUTH_DEAD':
        case 'PERMISSION':
        case 'INVALID':
          return {
            standing: 'unreadable',
            errorClass: error.errorClass,
            words: `${network.title}: ${error.message}`,
          };
        case 'RATE':
        case 'EDIT_QUOTA':
        case 'CONFLICT':
        case 'TRANSIENT':
        case 'UNKNOWN_RESULT':
          throw ApplicationFailure.create({
            type: error.errorClass,
            message: `${network.title}: ${error.message}`,
            category: 'BENIGN',
            ...(error.retryAfterMs === null ? {} : { nextRetryDelay: error.retryAfterMs }),
          });
      }
    }
  }

  return {
    readLive: look,
    async applyChange(input) {
      const network = deps.networkOf(input.network);
      // The queue may have held this call back: what was halted meanwhile must not be written.
      const closed = await whyClosed(deps.db, input.accountId);
      if (closed !== undefined) return { kind: 'closed', outcome: closed.code, words: closed.words };
      const access = await deps.openAccess(input.accountId);
      Context.current().cancellationSignal.throwIfAborted();
      try {
        const receipt = await network.apply(
          access,
          { level: input.level, networkId: input.objectNetworkId },
          input.change,
        );
        return { kind: 'accepted', requestId: receipt.requestId };
      } catch (error) {
        if (error instanceof NetworkError) return answerOf(error, network.title);
        // Not classified: it may have reached the network.
        return {
          kind: 'unknown',
          words: error instanceof Error ? error.message : String(error),
          requestId: null,
        };
      }
    },
    async readBack(input) {
      const reading = await look(input);
      if (reading.standing === 'as_expected') {
        throw ApplicationFailure.create({
          type: 'not_seen_yet',
          message: `accepted, but the network still shows ${reading.words}`,
          category: 'BENIGN',
        });
      }
      return reading;
    },
  };
}

function answerOf(error: NetworkError, title: string): WriteAnswer {
  const words = `${title}: ${error.message}`;
  const { requestId, errorClass } = error;
  switch (errorClass) {
    case 'AUTH_DEAD':
    case 'PERMISSION':
    case 'INVALID':
    case 'GONE':
    // That field of that object is closed for an hour: other changes of the object must not wait behind it.
    case 'EDIT_QUOTA':
      return { kind: 'refused', errorClass, words, requestId };
    case 'RATE':
      return { kind: 'wait', afterMs: error.retryAfterMs ?? WAIT_MS, words };
    // A 5xx after acceptance looks like one before it.
    case 'CONFLICT':
    case 'TRANSIENT':
    case 'UNKNOWN_RESULT':
      return { kind: 'unknown', words, requestId };
  }
}

/** The records around a write. Each is one short transaction and safe to repeat. */
export function createActRecordActivities(deps: ActDeps): ActRecordActivities {
  const { db } = deps;
  const nowOfDecision = async (decisionId: string) => {
    const target = await loadDecisionTarget(db, decisionId);
    return { target, nowMs: await deps.nowOf(target.accountId) };
  };
  return {
    async takeLease({ decisionId, workflowId }) {
      const { nowMs } = await nowOfDecision(decisionId);
      return takeLease(db, { decisionId, workflowId, nowMs });
    },
    async releaseLease({ decisionId }) {
      await releaseLease(db, decisionId);
    },
    async reserve({ decisionId, attempt }) {
      const { target, nowMs } = await nowOfDecision(decisionId);
      // Taking back is no zeal of the engine's: its limits do not hold that back, halts do.
      const limits =
        target.undoes === null ? await deps.limitsOf(target.strategyId, target.strategyVersion) : null;
      return reserve(db, { decisionId, attempt, nowMs, limits });
    },
    async recordAnswer({ actionId, answer }) {
      const { decisionId, nowMs } = await ofAction(db, deps, actionId);
      switch (answer.kind) {
        case 'accepted':
          await recordActionAnswer(
            db,
            actionId,
            { state: 'accepted', requestId: answer.requestId, errorClass: null, error: null },
            nowMs,
          );
          return;
        case 'unknown':
          await recordActionAnswer(
            db,
            actionId,
            {
              state: 'unknown',
              requestId: answer.requestId,
              errorClass: 'UNKNOWN_RESULT',
              error: answer.words,
            },
            nowMs,
          );
          return;
        case 'refused':
          await recordActionAnswer(
            db,
            actionId,
            {
              state: 'refused',
              requestId: answer.requestId,
              errorClass: answer.errorClass,
              error: answer.words,
            },
            nowMs,
          );
          await freeReservation(db, decisionId, nowMs);
          return;
        case 'wait':
        case 'closed':
          await recordActionAnswer(
            db,
            actionId,
            {
              state: 'not_applied',
              requestId: null,
              errorClass: answer.kind === 'wait' ? 'RATE' : null,
              error: answer.words,
            },
            nowMs,
          );
          await freeReservation(db, decisionId, nowMs);
      }
    },
    async recordNotApplied({ actionId, words }) {
      const { decisionId, nowMs } = await ofAction(db, deps, actionId);
      await recordActionAnswer(
        db,
        actionId,
        { state: 'not_applied', requestId: null, errorClass: null, error: `looked up: ${words}` },
        nowMs,
      );
      await freeReservation(db, decisionId, nowMs);
    },
    async recordVerified({ decisionId, actionId, live }) {
      const { target, nowMs } = await nowOfDecision(decisionId);
      await recordVerified(db, { actionId, objectId: target.objectId, live, nowMs });
    },
    async closeDecision({ decisionId, outcome, words, by, live }) {
      const { target, nowMs } = await nowOfDecision(decisionId);
      if (live !== null && outcome !== 'applied') await storeLiveState(db, target.objectId, live, nowMs);
      const sentence = closingSentence(target, outcome, words, live);
      await closeDecision(db, {
        decisionId,
        outcome,
        detail: by === null ? words : `${words} (answered by ${by})`,
        nowMs,
      });
      return { sentence, page: `**${outcome.replaceAll('_', ' ')}**: ${markdownText(sentence)}` };
    },
    async measureEffect({ decisionId }) {
      const { nowMs } = await nowOfDecision(decisionId);
      return { page: markdownText(await describeEffect(db, decisionId, nowMs)) };
    },
    async endPause({ decisionId }) {
      const { target, nowMs } = await nowOfDecision(decisionId);
      const ended = await endPause(db, { decisionId, nowMs, wallMs: deps.wallNowMs(), rate: target.rate });
      if (ended.waitMs === null) await deps.startDue(target.accountId);
      return { waitMs: ended.waitMs, page: markdownText(ended.sentence) };
    },
  };
}

async function ofAction(
  db: Db,
  deps: ActDeps,
  actionId: string,
): Promise<{ readonly decisionId: string; readonly nowMs: number }> {
  const row = await db
    .selectFrom('action')
    .select(['decision_id', 'account_id'])
    .where('id', '=', actionId)
    .executeTakeFirstOrThrow();
  return { decisionId: row.decision_id, nowMs: await deps.nowOf(row.account_id) };
}

function closingSentence(
  target: { readonly objectName: string; readonly currency: string; readonly plan: DecisionPlan },
  outcome: string,
  words: string,
  live: LeverState | null,
): string {
  const { plan, objectName } = target;
  if (outcome === 'applied') {
    const seen = live === null ? '' : `; the network shows ${leverWords(plan.change, live, target.currency)}`;
    return `${objectName}: ${plan.changeWords} done${seen}`;
  }
  return `${objectName}: ${plan.changeWords} not done (${outcome.replaceAll('_', ' ')}): ${words}`;
}
