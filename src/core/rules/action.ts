import type { Micros } from '../money.ts';
import { type Amount, readAmount, readDuration, readMoney, readPercent, type Unreadable } from './amounts.ts';
import type { ActionDocument, RuleProblem } from './document.ts';
import type { Level } from '../object.ts';

/** How a lever's value is changed. `share` may be negative. */
export type Move =
  | { readonly kind: 'to'; readonly micros: Micros }
  | { readonly kind: 'by'; readonly amount: Amount; readonly sign: 1 | -1 };

/** A rule's action, read once. */
export type Action =
  | { readonly kind: 'pause'; readonly until: 'tomorrow' | { readonly ms: number } | null }
  | { readonly kind: 'resume'; readonly pausedBy: readonly string[] | null }
  | { readonly kind: 'move'; readonly lever: 'bid' | 'budget' | 'any'; readonly move: Move }
  | { readonly kind: 'notify'; readonly message: string };

export interface ActionLimits {
  readonly ceiling: Micros | null;
  readonly floor: Micros | null;
  /** How long the lever rests after a change; null leaves it to the default of its kind. */
  readonly restMs: number | null;
}

export interface CompiledAction {
  readonly action: Action;
  readonly limits: ActionLimits;
}

const VERBS = [
  'pause',
  'resume',
  'setBid',
  'raiseBid',
  'lowerBid',
  'setBudget',
  'raiseBudget',
  'lowerBudget',
  'scale',
  'notify',
] as const;
type Verb = (typeof VERBS)[number];

/**
 * Reads the "then" of a rule.
 *
 * @returns the action, or undefined after every problem has been added to `problems`.
 */
export function compileAction(
  then: ActionDocument,
  level: Level,
  currency: string | undefined,
  path: readonly (string | number)[],
  problems: RuleProblem[],
): CompiledAction | undefined {
  const before = problems.length;
  const complain = (key: string, message: string, hint?: string): undefined => {
    problems.push({
      path: key === '' ? path : [...path, key],
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  function read<T extends object | number>(key: string, value: T | Unreadable): T | undefined {
    if (typeof value === 'object' && 'problem' in value) return complain(key, value.problem, value.hint);
    return value;
  }
  const money = (key: 'setBid' | 'setBudget' | 'upTo' | 'atLeast'): Micros | null =>
    then[key] === undefined ? null : (read(key, readMoney(then[key], currency)) ?? null);

  const verbs = VERBS.filter((verb) => then[verb] !== undefined);
  const [verb] = verbs;
  if (verb === undefined) return complain('', 'this rule does nothing', `say one of: ${VERBS.join(', ')}`);
  if (verbs.length > 1)
    return complain(
      verbs[1] ?? '',
      `a rule does one thing; this one has ${verbs.join(' and ')}`,
      'write a second rule with the same condition',
    );
  if (level === 'creative' && verb !== 'notify' && verb !== 'pause' && verb !== 'resume') {
    return complain(
      verb,
      `a creative has no bid or budget: ${verb} is not possible at level creative`,
      'use pause, resume or notify here, or judge level: adset',
    );
  }

  const ceiling = money('upTo');
  const floor = money('atLeast');
  const restMs =
    then.atMostOnce === undefined ? null : (read('atMostOnce', readDuration(then.atMostOnce)) ?? null);
  const moves = verb !== 'pause' && verb !== 'resume' && verb !== 'notify';
  if (!moves && then.upTo !== undefined) complain('upTo', `${verb} has no ceiling`, 'leave upTo out');
  if (!moves && then.atLeast !== undefined) complain('atLeast', `${verb} has no floor`, 'leave atLeast out');
  if (ceiling !== null && floor !== null && floor > ceiling)
    complain('atLeast', 'the floor lies above the ceiling', 'swap upTo and atLeast');

  const action = readVerb(verb);
  return action === undefined || problems.length > before
    ? undefined
    : { action, limits: { ceiling, floor, restMs } };

  function by(
    key: 'raiseBid' | 'lowerBid' | 'raiseBudget' | 'lowerBudget',
    lever: 'bid' | 'budget',
    sign: 1 | -1,
  ): Action | undefined {
    const amount = read(key, readAmount(then[key] ?? '', currency));
    if (amount === undefined) return undefined;
    const size = amount.kind === 'share' ? amount.share : amount.micros;
    if (size <= 0) return complain(key, `${key} by nothing changes nothing`, 'write a size above 0');
    if (sign === -1 && amount.kind === 'share' && size >= 1)
      return complain(key, `${key} by 100 % or more leaves nothing`, 'use pause to stop an object');
    return { kind: 'move', lever, move: { kind: 'by', amount, sign } };
  }

  function to(key: 'setBid' | 'setBudget', lever: 'bid' | 'budget'): Action | undefined {
    const value = money(key);
    if (value === null) return undefined;
    return value === 0
      ? complain(key, `${key} to 0 is not a way to stop`, 'use pause')
      : { kind: 'move', lever, move: { kind: 'to', micros: value } };
  }

  function readVerb(chosen: Verb): Action | undefined {
    switch (chosen) {
      case 'pause': {
        if (then.pause === true || then.pause === undefined) return { kind: 'pause', until: null };
        if (then.pause.until === 'tomorrow') return { kind: 'pause', until: 'tomorrow' };
        const ms = read('pause', readDuration(then.pause.until));
        return ms === undefined ? undefined : { kind: 'pause', until: { ms } };
      }
      case 'resume': {
        if (then.resume === true || then.resume === undefined) return { kind: 'resume', pausedBy: null };
        return {
          kind: 'resume',
          pausedBy: typeof then.resume.pausedBy === 'string' ? [then.resume.pausedBy] : then.resume.pausedBy,
        };
      }
      case 'notify':
        return { kind: 'notify', message: then.notify ?? '' };
      case 'setBid':
        return to('setBid', 'bid');
      case 'setBudget':
        return to('setBudget', 'budget');
      case 'raiseBid':
        return by('raiseBid', 'bid', 1);
      case 'lowerBid':
        return by('lowerBid', 'bid', -1);
      case 'raiseBudget':
        return by('raiseBudget', 'budget', 1);
      case 'lowerBudget':
        return by('lowerBudget', 'budget', -1);
      case 'scale': {
        const share = read('scale', readPercent(then.scale ?? ''));
        if (share === undefined) return undefined;
        if (share === 0)
          return complain('scale', 'scale by 0 % changes nothing', 'write a size above or below 0');
        if (share <= -1)
          return complain('scale', 'scale by -100 % leaves nothing', 'use pause to stop an object');
        return {
          kind: 'move',
          lever: 'any',
          move: { kind: 'by', amount: { kind: 'share', share: Math.abs(share) }, sign: share > 0 ? 1 : -1 },
        };
      }
    }
  }
}
