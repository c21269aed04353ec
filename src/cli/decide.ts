import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { z } from 'zod';
import { observationJsonSchema, observationSchema } from '../contract/observation.ts';
import { decide, ENGINE_VERSION } from '../core/decide.ts';
import type { Decision, Evidence } from '../core/decision.ts';
import type { ObservedLevers, ObservedState } from '../core/observation/observation.ts';
import { nextLevers, nextState } from '../core/observation/next-state.ts';
import { ObservationProblem } from '../core/observation/problem.ts';
import { evidenceFrom } from '../core/observation/to-evidence.ts';
import type { CompiledStrategy } from '../core/rules/compile.ts';
import { codeOf, messageOf, OperatorError } from '../errors.ts';
import { formatProblem } from '../strategies/format-problem.ts';
import { readStrategy } from '../strategies/read.ts';
import { type CliContext, UsageError } from './command.ts';

interface DecideOptions {
  readonly strategy?: string;
  readonly schema?: boolean;
  readonly evidence: boolean;
}

/** What is wrong with one line. */
interface LineError {
  readonly code: 'not_json' | 'wrong_shape' | 'wrong_facts' | 'out_of_scope' | 'failed';
  /** "conversions[3].clickAt"; empty for the whole line. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** `decide`: the engine's one function from the command line, without database or server. */
export function register(program: Command, context: CliContext): void {
  program
    .command('decide')
    .description(
      'decide from observations on standard input, one JSON document a line; needs nothing running',
    )
    .option('--strategy <file>', 'the strategy that decides')
    .option('--schema', 'print the JSON Schema of a line')
    .option('--no-evidence', 'leave out of the answers what was looked at')
    .addHelpText(
      'after',
      `
Each line is one object: hours of cost, conversions with the time of their click, its levers, its siblings, now.
Each answer is one line: the decision, the levers as they stand once it is carried out, nextState (give it back as
"state"), and the evidence, from which the same engine decides the same again. A line that cannot be answered gets
{"error": …}, the others are answered all the same, and the exit code is 1.

Example:
  ./bidloop decide --strategy strategies/pilot.yaml < observations.jsonl

A line, cut here where a line must not be:
  {"now":"2026-11-23T14:00:00Z","levers":{"status":"active","dailyBudget":60},
   "hours":[{"at":"2026-11-22T14:00:00Z","spend":310,"clicks":250}],"conversions":[]}

docs/autopilot.md explains the numbers, docs/observation.schema.json every key.`,
    )
    .action(async (options: DecideOptions) => {
      if (options.schema === true) {
        process.stdout.write(`${JSON.stringify(observationJsonSchema(), null, 2)}\n`);
        return;
      }
      if (options.strategy === undefined)
        throw new UsageError('decide needs a strategy: --strategy strategies/pilot.yaml');
      const strategy = await loadStrategy(options.strategy);
      const failed = await decideLines(process.stdin, process.stdout, strategy, options.evidence);
      if (failed === 0) return;
      context.note(`${failed} ${failed === 1 ? 'line was' : 'lines were'} not answered`);
      process.exitCode = 1;
    });
}

/**
 * Answers every line of `input` on `output`, in order.
 *
 * @returns how many lines could not be answered.
 */
export async function decideLines(
  input: Readable,
  output: Writable,
  strategy: CompiledStrategy,
  withEvidence: boolean,
): Promise<number> {
  let [line, failed] = [0, 0];
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    const answer = answerLine(text, strategy, withEvidence);
    if ('error' in answer) failed += 1;
    if (!output.write(`${JSON.stringify({ line, ...answer })}\n`))
      await new Promise((resolve) => output.once('drain', resolve));
  }
  return failed;
}

export type Answer = { readonly id?: string } & (
  | { readonly error: LineError }
  | {
      readonly engine: string;
      readonly decision: Decision;
      readonly levers: ObservedLevers;
      readonly nextState: ObservedState;
      readonly evidence?: Evidence;
    }
);

/** One answer, or what is wrong with the line: never an exception. */
export function answerLine(text: string, strategy: CompiledStrategy, withEvidence = true): Answer {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return {
      error: {
        code: 'not_json',
        path: '',
        message: `this is not JSON: ${messageOf(error)}`,
        hint: 'write one whole JSON document on each line',
      },
    };
  }
  const shape = observationSchema.safeParse(raw, { reportInput: true });
  const id = idOf(raw);
  if (!shape.success) return { ...id, error: shapeError(shape.error.issues[0]) };
  const observation = shape.data;
  try {
    const evidence = evidenceFrom(observation, strategy);
    if (!strategy.matches(evidence.object, null, null, evidence.account))
      return { ...id, error: outOfScope(strategy) };
    const decision = decide(strategy, evidence);
    return {
      ...id,
      engine: ENGINE_VERSION,
      decision,
      levers: nextLevers(evidence.object, decision),
      nextState: nextState(observation.state, evidence, decision),
      ...(withEvidence ? { evidence } : {}),
    };
  } catch (error) {
    if (error instanceof ObservationProblem)
      return {
        ...id,
        error: {
          code: 'wrong_facts',
          path: pathText(error.path),
          message: error.message,
          hint: error.hint,
        },
      };
    return { ...id, error: { code: 'failed', path: '', message: messageOf(error) } };
  }
}

async function loadStrategy(file: string): Promise<CompiledStrategy> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new OperatorError(
      'no_such_file',
      codeOf(error) === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read: ${messageOf(error)}`,
      { next: 'Write the way to a strategy: --strategy strategies/pilot.yaml', cause: error },
    );
  }
  const read = readStrategy(text, { fileName: file });
  if (!read.ok)
    throw new OperatorError(
      'wrong_strategy',
      `${file} is not right:\n${read.problems.map((problem) => formatProblem(text, file, problem)).join('\n')}`,
      { next: `./bidloop strategy check ${file}` },
    );
  if (read.compiled.needs.estimatedSpend)
    throw new OperatorError(
      'needs_visits',
      `${file} asks est.*, which counts the visits of this minute: an observation has none`,
      { next: 'Ask spend("today") instead, or run it in a workspace.' },
    );
  return read.compiled;
}

function outOfScope(strategy: CompiledStrategy): LineError {
  const { level, scope, currency } = strategy;
  const asks = [
    `level ${level}`,
    ...(scope.network === null ? [] : [`network ${scope.network}`]),
    ...(scope.accounts === null ? [] : [`account ${scope.accounts.join(' or ')}`]),
    ...(currency === null ? [] : [`currency ${currency}`]),
    ...(scope.where === null ? [] : [`where ${scope.where}`]),
  ];
  return {
    code: 'out_of_scope',
    path: 'object',
    message: `the strategy is not for this object: it is for ${asks.join(', ')}`,
    hint: 'give object.level, object.name, object.labels and account as the strategy names them',
  };
}

type Issue = z.core.$ZodIssue;

function shapeError(issue: Issue | undefined): LineError {
  if (issue === undefined) return { code: 'wrong_shape', path: '', message: 'this is no observation' };
  const path = pathText(issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)));
  const hint = './bidloop decide --schema prints every key';
  const wrong = (message: string): LineError => ({ code: 'wrong_shape', path, message, hint });
  if (issue.code === 'invalid_type' && path === '')
    return wrong('an observation is one JSON object, { … }, and this is none');
  if (issue.code === 'unrecognized_keys') return wrong(`there is no ${issue.keys.join(', ')} here`);
  if ((issue.code === 'invalid_type' || issue.code === 'invalid_union') && issue.input === undefined)
    return wrong(`${path === '' ? 'the observation' : path} is missing`);
  if (issue.code === 'invalid_union') {
    const said = issue.errors.flat().find((one) => !one.message.startsWith('Invalid'));
    return wrong(said?.message ?? 'this is none of the forms it can have');
  }
  return wrong(issue.message.replace(/^Invalid input: /, ''));
}

function idOf(raw: unknown): { readonly id?: string } {
  return typeof raw === 'object' && raw !== null && 'id' in raw && typeof raw.id === 'string'
    ? { id: raw.id }
    : {};
}

/** ["conversions", 3, "clickAt"] → "conversions[3].clickAt". */
function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
