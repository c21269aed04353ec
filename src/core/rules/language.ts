import { Environment } from '@marcbachmann/cel-js';
import type { Fact, Scope } from './facts.ts';
import { FAMILIES } from './families.ts';
import { METRICS, readMetric } from './metrics.ts';
import { fullScope, type Part, readStatistic, type Statistic } from './statistic.ts';
import { isMissing, type Missing, type OperandValue, RuleFault, UNDEFINED } from './value.ts';

/** Functions beside metrics. All others of CEL are left out: they need integers, can fail at run time, or have no use in a rule. */
export const FUNCTIONS = ['ratio', 'min', 'max', 'abs'] as const;
export const METHODS = [
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'exists',
  'all',
] as const;

/** What a later version brings, so that a rule that reads of it is told so instead of "unknown". */
export const LATER: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'forecast.spend': 'forecast.spend (spend to the end of a period)',
    siblings: 'siblings.* (ranking inside a campaign)',
    rank: 'rank (ranking inside a campaign)',
    tags: 'tags and state per object',
    state: 'tags and state per object',
    tables: 'tables (values looked up outside the rule)',
    consecutiveDays: 'tests that hold on each of several days',
    sinceResumed: 'windows that begin with an event',
    networkConversions: "the network's own conversion counts",
    frequency: 'frequency',
    placement: 'placements',
  }),
);

/** What the CEL handlers look at while one program runs. Programs are synchronous, so one slot is enough. */
export interface Slot {
  scope: Scope | null;
  defaultEvent: string | null;
  /** A fault that happened while CEL ran; `&&` and `||` may have absorbed it. */
  fault: Error | null;
}

/** A value as CEL takes it: a Missing becomes the one error that CEL absorbs and everybody recognises. */
function forCel(value: OperandValue | Missing): OperandValue {
  if (isMissing(value)) throw UNDEFINED;
  return value;
}

function guarded<T>(slot: Slot, read: (scope: Scope) => T): T {
  try {
    if (slot.scope === null) throw new RuleFault('a condition ran without evidence');
    return read(slot.scope);
  } catch (error) {
    if (error !== UNDEFINED) slot.fault = error instanceof Error ? error : new RuleFault(String(error));
    throw error;
  }
}

class RecordOfFacts {}

/** CEL with a vocabulary, the object that stands for all variables, and the slot that both read from. */
export interface CelLanguage {
  readonly env: Environment;
  readonly variables: object;
  readonly slot: Slot;
}

const languages = new Map<string, CelLanguage>();
/** Sets of parameters remembered: a folder has few. */
const MOST_LANGUAGES = 100;

/**
 * The CEL environment of a strategy. Strategies with parameters of the same names and types share one: what differs
 * between them stands in the scope that a program is run with.
 *
 * @param facts by path; those outside `params` are the same for the same `withMetrics`.
 * @param withMetrics false for `scope.where`, which only says which objects are meant.
 */
export function celLanguage(facts: ReadonlyMap<string, Fact>, withMetrics: boolean): CelLanguage {
  const own = [...facts]
    .filter(([path]) => path.startsWith('params.'))
    .map(([path, { type }]) => `${path}:${type}`);
  const key = `${withMetrics} ${own.toSorted().join(' ')}`;
  let language = languages.get(key);
  if (language === undefined) {
    if (languages.size >= MOST_LANGUAGES) languages.clear();
    languages.set(key, (language = createLanguage(facts, withMetrics)));
  }
  return language;
}

/** Facts as typed variables (`campaign.name` is field `name` of variable `campaign`), metrics as functions on literals. */
function createLanguage(facts: ReadonlyMap<string, Fact>, withMetrics: boolean): CelLanguage {
  const slot: Slot = { scope: null, defaultEvent: null, fault: null };
  const env = new Environment({ limits: { maxAstNodes: 2_000, maxDepth: 60 } });
  const variables = {};
  const records = new Map<string, Map<string, Fact>>();
  for (const [path, fact] of facts) {
    const dot = path.indexOf('.');
    if (dot === -1) {
      env.registerVariable(path, fact.type);
      Object.defineProperty(variables, path, {
        get: () => guarded(slot, (scope) => forCel(fact.read(scope))),
      });
      continue;
    }
    const root = path.slice(0, dot);
    const fields = records.get(root) ?? new Map<string, Fact>();
    fields.set(path.slice(dot + 1), fact);
    records.set(root, fields);
  }
  for (const [root, fields] of records) {
    const ctor = class extends RecordOfFacts {};
    for (const [field, fact] of fields) {
      Object.defineProperty(ctor.prototype, field, {
        get: () => guarded(slot, (scope) => forCel(fact.read(scope))),
      });
    }
    const typeName = `Facts_${root}`;
    env.registerType(typeName, {
      ctor,
      fields: Object.fromEntries([...fields].map(([field, fact]) => [field, fact.type])),
    });
    env.registerVariable(root, typeName);
    Object.defineProperty(variables, root, { value: new ctor() });
  }
  if (withMetrics) {
    registerMetrics(env, slot);
    for (const [family, methods] of FAMILIES) registerFamily(env, variables, family, methods, slot);
  }
  env.registerFunction('ratio(double, double): double', (a: number, b: number) => {
    if (b === 0) throw UNDEFINED;
    return a / b;
  });
  env.registerFunction('min(double, double): double', (a: number, b: number) => Math.min(a, b));
  env.registerFunction('max(double, double): double', (a: number, b: number) => Math.max(a, b));
  env.registerFunction('abs(double): double', (a: number) => Math.abs(a));
  return { env, variables, slot };
}

function registerMetrics(env: Environment, slot: Slot): void {
  for (const [name, metric] of METRICS) {
    const read = (event: string | null, window: string): OperandValue =>
      guarded(slot, ({ full }) => {
        if (full === null) throw new RuleFault('a metric was read without evidence');
        return forCel(readMetric(name, event, window, full));
      });
    env.registerFunction(`${name}(string): double`, (window: string) =>
      read(metric.event === 'none' ? null : slot.defaultEvent, window),
    );
    if (metric.event !== 'none')
      env.registerFunction(`${name}(string, string): double`, (event: string, window: string) =>
        read(event, window),
      );
  }
}

const PART_TYPES: Readonly<Record<Part, string>> = {
  target: 'double',
  risk: 'double',
  window: 'string',
  'cpa?': 'double',
};

/** A family is a variable without fields; its functions are methods on literals, with and without an event in front. */
function registerFamily(
  env: Environment,
  variables: object,
  family: string,
  methods: ReadonlyMap<string, Statistic>,
  slot: Slot,
): void {
  const ctor = class extends RecordOfFacts {};
  const typeName = `Family${family}`;
  env.registerType(typeName, { ctor, fields: {} });
  env.registerVariable(family, typeName);
  Object.defineProperty(variables, family, { value: new ctor() });
  for (const [method, statistic] of methods) {
    const { parts } = statistic;
    const forms = parts.includes('cpa?') ? [parts, parts.filter((part) => part !== 'cpa?')] : [parts];
    for (const form of forms)
      for (const withEvent of statistic.event === 'none' ? [false] : [false, true]) {
        const types = form.map((part) => PART_TYPES[part]);
        env.registerFunction(
          `${typeName}.${method}(${(withEvent ? ['string', ...types] : types).join(', ')}): ${statistic.type}`,
          (_family: unknown, ...args: readonly (string | number)[]) =>
            guarded(slot, (scope) => forCel(readCalled(statistic, form, withEvent, args, scope, slot))),
        );
      }
  }
}

function readCalled(
  statistic: Statistic,
  form: readonly Part[],
  withEvent: boolean,
  args: readonly (string | number)[],
  scope: Scope,
  slot: Slot,
): OperandValue | Missing {
  const given = withEvent ? args.slice(1) : args;
  const at = (...wanted: readonly Part[]) => given[form.findIndex((part) => wanted.includes(part))] ?? null;
  const number = (value: string | number | null) => (typeof value === 'number' ? value : null);
  const text = (value: string | number | null) => (typeof value === 'string' ? value : null);
  const named = withEvent ? text(args[0] ?? null) : slot.defaultEvent;
  return readStatistic(
    statistic,
    {
      event: statistic.event === 'none' ? null : named,
      window: text(at('window')),
      target: number(at('target', 'cpa?')),
      risk: number(at('risk')),
    },
    fullScope(scope),
  );
}
