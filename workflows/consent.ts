import {
  condition,
  defineSignal,
  defineUpdate,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ActInput, ActOutcome, ApprovalAnswer } from '../activities/contract.ts';
import { DECIDE_UPDATE, SUPERSEDE_SIGNAL } from './names.ts';
import { BID_APPROVER, BID_OUTCOME } from './search-attributes.ts';

const decide = defineUpdate<string, [ApprovalAnswer]>(DECIDE_UPDATE);
const supersede = defineSignal<[string]>(SUPERSEDE_SIGNAL);

/** Waits for a person where the strategy asks for one. A null outcome means go on. */
export async function askForConsent(
  input: ActInput,
): Promise<{ readonly outcome: ActOutcome | null; readonly words: string; readonly by: string | null }> {
  let answer: ApprovalAnswer | undefined;
  let supersededBy: string | undefined;
  let open = input.approval !== null;
  setHandler(
    decide,
    (given) => {
      answer = given;
      open = false;
      return given.verdict === 'approve' ? 'approved' : 'rejected';
    },
    {
      validator: (given) => {
        if (given.verdict !== 'approve' && given.verdict !== 'reject')
          throw new Error('the verdict must be approve or reject');
        if (typeof given.by !== 'string' || given.by.trim() === '')
          throw new Error('say who answers: by must be a name');
        if (!open)
          throw new Error(
            answer ? `already answered by ${answer.by}` : 'this decision no longer waits for an answer',
          );
      },
    },
  );
  setHandler(supersede, (decisionId) => {
    if (open) supersededBy = decisionId;
  });

  if (input.approval === null) return { outcome: null, words: 'no approval asked', by: null };
  const answered = await condition(
    () => answer !== undefined || supersededBy !== undefined,
    input.approval.withinMs,
    {
      summary: input.approval.words,
    },
  );
  open = false;
  if (answer !== undefined) {
    const comment = answer.comment ? `: ${answer.comment}` : '';
    if (answer.verdict === 'reject')
      return { outcome: 'rejected', words: `rejected by ${answer.by}${comment}`, by: answer.by };
    upsertSearchAttributes([
      { key: BID_OUTCOME, value: 'acting' },
      { key: BID_APPROVER, value: answer.by },
    ]);
    return { outcome: null, words: `approved by ${answer.by}${comment}`, by: answer.by };
  }
  if (supersededBy !== undefined)
    return { outcome: 'superseded', words: `a later decision took its place: ${supersededBy}`, by: null };
  if (!answered && input.approval.atDeadline === 'act') {
    upsertSearchAttributes([{ key: BID_OUTCOME, value: 'acting' }]);
    return { outcome: null, words: 'nobody answered; the strategy says act at the deadline', by: null };
  }
  return {
    outcome: 'expired',
    words: 'nobody answered before the deadline; the strategy says drop',
    by: null,
  };
}
