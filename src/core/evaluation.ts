import type { Decision, VerdictKind } from './decision.ts';
import type { ObjectId } from './object.ts';

/** Why a verdict that acts was not stored as a decision this time. */
export type HeldBack =
  /** A decision for this object is being carried out or waits for approval. */
  | 'open_decision'
  /** The same change came to another end than applied a short while ago. */
  | 'recent_outcome'
  /** Another strategy, earlier by name, acts on this object in the same pass. */
  | 'other_strategy';

/** The last evaluation of one object by one strategy, as compact as "why not" allows. */
export interface EvaluationEntry {
  readonly objectId: ObjectId;
  readonly verdict: VerdictKind;
  readonly rule: string | null;
  readonly reason: string;
  readonly sentence: string;
  /** "spend $4.00 short of $30.00". */
  readonly nearest?: string;
  /** How far the nearest condition was, as a share: 0.13 is 13 %. */
  readonly distance?: number;
  /** The absolute value an acting verdict asks for, micros or status. */
  readonly to?: string;
  readonly held?: { readonly by: HeldBack; readonly detail: string };
}

/** Two evaluations that would tell a reader the same: then the later one is not stored as a decision of its own. */
export function sameConclusion(a: EvaluationEntry, b: EvaluationEntry): boolean {
  return (
    a.verdict === b.verdict &&
    a.rule === b.rule &&
    a.reason === b.reason &&
    a.to === b.to &&
    a.held?.by === b.held?.by
  );
}

/** @param held set when the verdict acts but no decision is stored for it. */
export function evaluationEntry(decision: Decision, held?: EvaluationEntry['held']): EvaluationEntry {
  const to = wantedValue(decision);
  return {
    objectId: decision.objectId,
    verdict: decision.verdict.kind,
    rule: decision.reason.rule,
    reason: decision.reason.code,
    sentence: decision.sentence,
    ...(decision.nearest === undefined
      ? {}
      : { nearest: decision.nearest.text, distance: decision.nearest.distance }),
    ...(to === undefined ? {} : { to }),
    ...(held === undefined ? {} : { held }),
  };
}

/** The value a verdict wants, as text: "paused", "active", micros; undefined when it changes nothing. */
export function wantedValue(decision: Decision): string | undefined {
  const { verdict } = decision;
  switch (verdict.kind) {
    case 'pause':
      return 'paused';
    case 'resume':
      return 'active';
    case 'set_bid':
    case 'set_budget':
      return String(verdict.toMicros);
    case 'notify':
    case 'keep':
      return undefined;
  }
}
