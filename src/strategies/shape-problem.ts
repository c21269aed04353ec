import type { z } from 'zod';
import { strategyJsonSchema } from '../contract/strategy.ts';
import type { RuleProblem } from '../core/rules/document.ts';
import { suggestion } from '../core/rules/suggest.ts';

type Issue = z.core.$ZodIssue;

/** What a later version of the document brings: refused by name. */
const LATER_KEYS: ReadonlySet<string> = new Set([
  'schedule',
  'tables',
  'tags',
  'tag',
  'holdout',
  'blocklist',
  'stages',
  'else',
]);

/** zod's complaints about the shape of a strategy, in plain words and with the nearest known word. */
export function shapeProblems(issues: readonly Issue[]): RuleProblem[] {
  return issues.flatMap((issue) => shapeProblem(issue, []));
}

function shapeProblem(issue: Issue, above: readonly (string | number)[]): RuleProblem[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const last = path[path.length - 1];
  const key = typeof last === 'string' ? last : 'this';
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknown) => {
        if (LATER_KEYS.has(unknown))
          return {
            path: [...path, unknown],
            at: 'key' as const,
            message: `${unknown} comes with a later version of the rule language`,
            hint: 'leave it out for now',
          };
        return {
          path: [...path, unknown],
          at: 'key' as const,
          message: `there is no ${unknown} here`,
          hint: suggestion(unknown, keysAt(path)),
        };
      });
    case 'invalid_type':
      if (issue.input === undefined) return [{ path, message: `${key} is missing`, hint: describeAt(path) }];
      return [
        {
          path,
          message: issue.message.startsWith('Invalid')
            ? `${key} should be ${article(issue.expected)}`
            : issue.message,
          hint: describeAt(path),
        },
      ];
    case 'invalid_value': {
      if (!issue.message.startsWith('Invalid')) return [{ path, message: issue.message }];
      const values = issue.values.map(String);
      return [{ path, message: `${key} is one of: ${values.join(', ')}`, hint: describeAt(path) }];
    }
    case 'invalid_union': {
      // The branch that failed deepest is the one that was meant.
      const meant = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
      return meant.flatMap((inner) => shapeProblem(inner, path));
    }
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [
        {
          path,
          message:
            issue.message.startsWith('Too') || issue.message.startsWith('Invalid')
              ? `${key}: ${issue.message.toLowerCase()}`
              : issue.message,
          hint: describeAt(path),
        },
      ];
  }
}

/** A pattern that did not match says more than "expected number". */
function depth(issues: readonly Issue[]): number {
  return Math.max(
    ...issues.map(
      (issue) =>
        issue.path.length * 2 + (issue.code === 'invalid_type' || issue.code === 'invalid_value' ? 0 : 1),
    ),
  );
}

function article(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    object: 'a group of "key: value" lines',
    array: 'a list, each entry on a line with "-"',
    record: 'a group of "key: value" lines',
  };
  return words[expected] ?? expected;
}

type Schema = Readonly<Record<string, unknown>>;

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The published schema at a path: it knows every key and says what each is for. */
function schemaAt(path: readonly (string | number)[]): Schema | undefined {
  let schema: Schema | undefined = strategyJsonSchema();
  for (const step of path) {
    const branches: unknown[] = [schema, ...(Array.isArray(schema?.['anyOf']) ? schema['anyOf'] : [])];
    const next: unknown = branches
      .filter(isSchema)
      .map((branch) =>
        typeof step === 'number'
          ? branch['items']
          : isSchema(branch['properties'])
            ? branch['properties'][step]
            : undefined,
      )
      .find((found) => found !== undefined);
    if (!isSchema(next)) return undefined;
    schema = next;
  }
  return schema;
}

function keysAt(path: readonly (string | number)[]): string[] {
  const properties = schemaAt(path)?.['properties'];
  return isSchema(properties) ? Object.keys(properties) : [];
}

function describeAt(path: readonly (string | number)[]): string {
  const description = schemaAt(path)?.['description'];
  return typeof description === 'string' ? description : 'see docs/rules.md';
}
