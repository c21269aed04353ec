/**
 * What an operand of a condition can be. Undefined is a value of its own, never 0 or infinity: a CPA without
 * conversions says nothing about cost.
 */
export type Unit = 'money' | 'count' | 'ratio' | 'percent' | 'days' | 'hours' | 'none';
export type OperandType = 'double' | 'string' | 'bool' | 'list<string>';

/** An operand without a value. `data` when the data must not be believed, `value` when there is nothing to divide by or to read. */
export interface Missing {
  readonly missing: 'data' | 'value';
  readonly why: string;
}

export type OperandValue = number | string | boolean | readonly string[];

/** Whether there is no value; also of whatever else stands beside a {@link Missing} in a union. */
export function isMissing(value: OperandValue | Missing | object): value is Missing {
  return typeof value === 'object' && 'missing' in value;
}

/** Thrown into CEL for every {@link Missing}: `&&` and `||` absorb it as the standard says. One shared instance, no stack. */
class UndefinedOperand extends Error {
  override readonly name = 'UndefinedOperand';
  readonly code = 'undefined_operand';
}
const shared = new UndefinedOperand('an operand is undefined');
delete shared.stack;
export const UNDEFINED: Error = shared;

/** A fault of the engine or its evidence, not of the rule's subject: the verdict is keep, whatever CEL absorbed. */
export class RuleFault extends Error {
  override readonly name = 'RuleFault';
  readonly code = 'rule_fault';
}
