import type { Judgement, Stage } from './autopilot/judgement.ts';
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

/** What an autopilot's judgement comes to in a list: where the object stands, and how far its evidence has come. */
export interface PilotEntry {
  readonly stage: Stage;
  /** Evidence that it is worse than target, as "x : 1", and what pausing needs; three digits tell it. */
  readonly evidence: number;
  readonly needed: number;
  /** Set while a due pause is held back and observed: until when. */
  readonly heldUntilMs?: number;
}

/** The last evaluation of one object by one strategy, as compact as "why not" allows. */
export interface EvaluationEntry {
  readonly objectId: ObjectId;
  readonly verdict: VerdictKind;
  readonly rule: string | null;
  readonly reason: string;
  readonly sentence: string;
  /** "spend $26.00, $4.00 short of $30.00". */
  readonly nearest?: string;
  /** How far the nearest condition was, as a share: 0.13 is 13 %. */
  readonly distance?: number;
  /** The absolute value an acting verdict asks for, micros or status. */
  readonly to?: string;
  readonly held?: { readonly by: HeldBack; readonly detail: string };
  readonly pilot?: PilotEntry;
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
    ...(decision.judgement === undefined ? {} : { pilot: pilotEntry(decision.judgement) }),
  };
}

function pilotEntry({ stageAfter, lnEvidence, lnThreshold, holdout }: Judgement): PilotEntry {
  return {
    stage: stageAfter,
    evidence: odds(lnEvidence),
    needed: odds(lnThreshold),
    ...(holdout === null ? {} : { heldUntilMs: holdout.untilMs }),
  };
}

/** e^ln to three digits, at most a million million: larger odds tell nothing more. */
function odds(ln: number): number {
  return Number(Math.exp(Math.min(ln, Math.log(1e12))).toPrecision(3));
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
