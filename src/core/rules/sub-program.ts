import type { ASTNode } from '@marcbachmann/cel-js';
import type { Scope } from './facts.ts';
import type { CelLanguage } from './language.ts';
import { render } from './tree.ts';
import { RuleFault } from './value.ts';

/** What a part of a condition is compiled with. */
export interface ProgramLanguage extends CelLanguage {
  readonly vocabulary: { readonly defaultEvent: string | null };
}

/** A part of a condition as a program of its own, run by CEL. @throws from the program: UNDEFINED or a fault. */
export function subProgram(
  node: ASTNode,
  text: string,
  language: ProgramLanguage,
  wanted: 'boolean',
): (scope: Scope) => boolean;
export function subProgram(
  node: ASTNode,
  text: string,
  language: ProgramLanguage,
  wanted: 'number',
): (scope: Scope) => number;
export function subProgram(
  node: ASTNode,
  text: string,
  language: ProgramLanguage,
  wanted: 'boolean' | 'number',
): (scope: Scope) => unknown {
  const program = language.env.parse(render(node, text, 'doubles'));
  const { slot, variables } = language;
  return (scope) => {
    slot.scope = scope;
    slot.defaultEvent = language.vocabulary.defaultEvent;
    slot.fault = null;
    try {
      const value: unknown = program(variables);
      if (slot.fault !== null) throw slot.fault;
      if (typeof value !== wanted)
        throw new RuleFault(`a condition gave ${typeof value} instead of ${wanted}`);
      return value;
    } catch (error) {
      throw slot.fault ?? error;
    } finally {
      slot.scope = null;
    }
  };
}
