import { LineCounter, parseDocument } from 'yaml';
import { strategySchema } from '../contract/strategy.ts';
import { type CompiledStrategy, compileStrategy } from '../core/rules/compile.ts';
import type { RuleProblem, StrategyDocument } from '../core/rules/document.ts';
import { type Place, placeAt, placeOf } from './place.ts';
import { shapeProblems } from './shape-problem.ts';
import { findTextTraps, findUnquotedConditions } from './yaml-traps.ts';

/** Something wrong in a strategy file, at its place. */
export interface FileProblem extends Place {
  readonly message: string;
  readonly hint?: string;
}

export type ReadStrategy =
  | {
      readonly ok: true;
      readonly document: StrategyDocument;
      readonly compiled: CompiledStrategy;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** What is known of the workspace's ad accounts when a file is checked. */
export interface KnownAccount {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly currency: string;
}

/** Larger than any strategy a person writes; keeps a wrong file from being parsed at all. */
const MOST_CHARACTERS = 256 * 1024;

/**
 * Reads one strategy file, YAML 1.2 or JSON: syntax, YAML's traps, shape, then meaning. Problems of one stage hide the
 * next stages, all problems of a stage are told at once.
 *
 * @param options.fileName for the sentence when the file is no strategy at all.
 * @param options.currency the currency that amounts must be in, where it is known without accounts.
 * @param options.accounts the workspace's accounts: their currency decides which money is right. Left out, a strategy
 *   only has to agree with itself.
 */
export function readStrategy(
  text: string,
  options: {
    readonly fileName: string;
    readonly accounts?: readonly KnownAccount[];
    readonly currency?: string | undefined;
  },
): ReadStrategy {
  if (text.length > MOST_CHARACTERS)
    return fail([
      {
        line: 1,
        column: 1,
        length: 1,
        message: `${options.fileName} is larger than ${MOST_CHARACTERS / 1024} kB and cannot be a strategy`,
      },
    ]);
  const source = text.replace(/^\uFEFF/, '');
  const lines = new LineCounter();
  const document = parseDocument(source, {
    version: '1.2',
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
  });
  const at = (start: number, size: number): Place => placeAt(source, lines, start, size);

  const traps = findTextTraps(document, source);
  // One slip makes a dozen errors: the first is where it is.
  const complaints = document.errors.slice(0, 1).map((error) => ({
    ...at(error.pos[0], error.pos[1] - error.pos[0]),
    message: yamlWords(error.message),
    hint: yamlHint(source, error.pos[0]),
  }));
  const trapped = traps.map(({ start, size, message, hint }) => ({
    ...at(start, size),
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
  // A tag is also a warning of the parser's; ours says what to do.
  const warned =
    traps.length > 0
      ? []
      : document.warnings.map((warning) => ({
          ...at(warning.pos[0], warning.pos[1] - warning.pos[0]),
          message: yamlWords(warning.message),
          hint: yamlHint(source, warning.pos[0]),
        }));
  if (complaints.length + trapped.length + warned.length > 0)
    return fail([...trapped, ...complaints, ...warned]);

  const toPlace = (problem: RuleProblem): FileProblem => ({
    ...placeOf(source, lines, document, problem),
    message: problem.message,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  });
  const raw: unknown = document.toJS();
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return fail([
      {
        line: 1,
        column: 1,
        length: 1,
        message: `${options.fileName} holds no strategy`,
        hint: 'begin with "version: 1"; `bidloop strategy new stop-loss --cpa 30` writes one to start from',
      },
    ]);
  }
  const shape = strategySchema.safeParse(raw, { reportInput: true });
  if (!shape.success) return fail(shapeProblems(shape.error.issues).map(toPlace));

  const parsed: StrategyDocument = shape.data;
  const conditions = [
    ['scope', 'where'],
    ...(parsed.rules ?? []).map((_, index) => ['rules', index, 'when']),
  ];
  const unquoted = findUnquotedConditions(document, conditions);
  if (unquoted.length > 0) return fail(unquoted.map(toPlace));

  const { currency, warnings } = accountsInScope(parsed, options.accounts);
  const result = compileStrategy(parsed, { currency: options.currency ?? currency });
  if (!result.ok) return fail(result.problems.map(toPlace));
  return { ok: true, document: parsed, compiled: result.compiled, warnings };
}

function fail(problems: readonly FileProblem[]): ReadStrategy {
  return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

/** The one currency of the accounts a strategy is for, and what about them should be said. */
function accountsInScope(
  document: StrategyDocument,
  accounts: readonly KnownAccount[] | undefined,
): { readonly currency: string | undefined; readonly warnings: readonly string[] } {
  if (accounts === undefined) return { currency: undefined, warnings: [] };
  const warnings: string[] = [];
  const { network, accounts: named } = document.scope;
  for (const name of named ?? []) {
    if (!accounts.some((account) => account.id === name || account.name === name))
      warnings.push(
        `there is no account "${name}" in this workspace; there is: ${accounts.map((account) => account.name).join(', ') || 'none yet'}`,
      );
  }
  const scoped = accounts.filter(
    (account) =>
      (network === undefined || account.network === network) &&
      (named === undefined || named.includes(account.id) || named.includes(account.name)),
  );
  if (scoped.length === 0)
    warnings.push('no account of this workspace is in its scope yet, so it judges nothing');
  const currencies = [...new Set(scoped.map((account) => account.currency))];
  if (currencies.length > 1)
    warnings.push(
      `its accounts are in ${currencies.join(' and ')}: it judges only those whose currency its amounts name`,
    );
  return { currency: currencies.length === 1 ? currencies[0] : undefined, warnings };
}

function yamlWords(message: string): string {
  const [first] = message.split('\n');
  return `this is not YAML: ${(first ?? message).replace(/ at line \d+.*$/, '')}`;
}

/** The likely cure of a syntax error, by the line it is in. */
function yamlHint(text: string, position: number): string {
  const start = text.lastIndexOf('\n', Math.max(0, position - 1)) + 1;
  const line = text.slice(start, text.indexOf('\n', start) === -1 ? undefined : text.indexOf('\n', start));
  if (/\b(when|where):\s*[^\s'"|>]/.test(line)) return "put the condition in single quotes: when: '…'";
  if (/^\s*\w[\w ]*:.*['"]/.test(line) === false && position >= text.trimEnd().length)
    return 'a quote that is opened further up is never closed';
  if (line.includes('\t')) return 'indent with blanks, not tabs';
  return 'check indentation, colons and closing quotes of this line';
}
