import { relativeDelta } from '../src/core/compare-live.ts';
import { decide } from '../src/core/decide.ts';
import type { Decision, Evidence } from '../src/core/decision.ts';
import { stoppedPart } from '../src/core/guardrails.ts';
import { planEffects, targetsOf } from '../src/core/plan-decision.ts';
import type { Db } from '../src/db/connection.ts';
import type { Judged } from '../src/db/decision-store.ts';
import type { StrategyEvidence, StrategyInForce } from '../src/db/evidence.ts';
import { loadRoom } from '../src/db/guardrail-room.ts';

/**
 * Decides for every object of a pass. Where a rule would change something, it is decided once more with what the
 * account's limits leave in the evidence, one after the other: the second of two that fit only alone keeps, and says so.
 */
export async function judge(
  db: Db,
  found: readonly StrategyEvidence[],
  input: { readonly accountId: string; readonly nowMs: number },
): Promise<readonly Judged[]> {
  const first = found.flatMap(({ strategy, evidence }) =>
    evidence.map((one): Judgement => ({ strategy, evidence: one, decision: decide(strategy.compiled, one) })),
  );
  const acting = first.filter(isCarriedOut);
  if (acting.length === 0) return first.map(planned);
  const room = await loadRoom(db, {
    ...input,
    stopped: acting.flatMap((one) => (partOf(one) > 0 ? [one.evidence.object.id] : [])),
  });
  let { actions, pauses, shareOfSpendPaused } = room;
  return first.map((one) => {
    if (!isCarriedOut(one)) return planned(one);
    const targets = targetsOf(one.strategy.compiled, one.evidence, one.decision);
    // Its own place is counted already; a second decision is not stored while the first is open.
    if (targets.some((target) => room.open.has(target.id))) return planned(one);
    const isPause = one.decision.verdict.kind === 'pause';
    const addsShare = partOf(one) * (room.shares.get(one.evidence.object.id) ?? 0);
    const evidence: Evidence = {
      ...one.evidence,
      room: {
        ...(room.closed === undefined ? {} : { closed: room.closed }),
        actions,
        pauses,
        shareOfSpendPaused,
        addsActions: targets.length,
        addsShare,
      },
    };
    const decision = decide(one.strategy.compiled, evidence);
    if (decision.verdict.kind !== 'keep') {
      actions += targets.length;
      if (isPause) pauses += targets.length;
      shareOfSpendPaused += addsShare;
    }
    return planned({ ...one, evidence, decision });
  });
}

interface Judgement {
  readonly strategy: StrategyInForce;
  readonly evidence: Evidence;
  readonly decision: Decision;
}

/** How much of its object's spend a decision would stop. */
function partOf({ evidence, decision: { verdict, reason } }: Judgement): number {
  if (verdict.kind === 'keep' || verdict.kind === 'notify') return 0;
  return stoppedPart({
    verdict: verdict.kind,
    rule: reason.rule,
    delta: relativeDelta(verdict, evidence.object),
  });
}

function isCarriedOut({ strategy, decision }: Judgement): boolean {
  const { kind } = decision.verdict;
  return strategy.compiled.mode !== 'dry-run' && kind !== 'keep' && kind !== 'notify';
}

function planned(one: Judgement): Judged {
  return { ...one, effects: planEffects(one.strategy.compiled, one.evidence, one.decision) };
}
