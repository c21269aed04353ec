import { Temporal } from 'temporal-polyfill';
import type { AccountFacts, Evidence } from '../decision.ts';
import { majorUnits, type Micros } from '../money.ts';
import type { ObjectFacts } from '../object.ts';
import type { Missing, OperandType, OperandValue, Unit } from './value.ts';

/** What conditions may ask about besides metrics. `evidence` is the whole, or in `scope.where` only who the object is. */
export type Scope = Pick<Evidence, 'object' | 'campaign' | 'adset' | 'account'> & {
  readonly full: Evidence | null;
  readonly constants: Constants;
};

/** The strategy's own numbers, in major units. */
export interface Constants {
  readonly targetCpa: number | null;
  readonly targetRoas: number | null;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** A fact by its path: `campaign.name`, `bid`, `now.hour`. */
export interface Fact {
  readonly type: OperandType;
  readonly unit: Unit;
  /** True for facts that change with time: not offered in `scope.where`. */
  readonly timely?: true;
  read(scope: Scope): OperandValue | Missing;
}

const HOUR_MS = 3_600_000;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

function missing(why: string): Missing {
  return { missing: 'value', why };
}

function money(value: Micros | null, why: string): number | Missing {
  return value === null ? missing(why) : majorUnits(value);
}

function text(value: string | null, why: string): string | Missing {
  return value ?? missing(why);
}

const fact = (type: OperandType, unit: Unit, read: Fact['read']): Fact => ({ type, unit, read });

type ObjectFact = (object: ObjectFacts) => OperandValue | Missing;

/** Facts that an object and its parents share. */
const OF_OBJECT: Readonly<Record<string, readonly [OperandType, Unit, ObjectFact]>> = {
  name: ['string', 'none', (object) => object.name],
  status: ['string', 'none', (object) => object.status],
  bid: ['double', 'money', (object) => money(object.bidMicros, 'no bid or cap is set')],
  budget: [
    'double',
    'money',
    (object) => money(object.dailyBudgetMicros ?? object.lifetimeBudgetMicros, 'no budget is set here'),
  ],
  bidStrategy: [
    'string',
    'none',
    (object) => text(object.bidStrategy, 'the network names no bid strategy here'),
  ],
  labels: ['list<string>', 'none', (object) => object.labels],
};

function age(unit: 'hours' | 'days'): Fact {
  const ms = unit === 'hours' ? HOUR_MS : 24 * HOUR_MS;
  return {
    type: 'double',
    unit,
    timely: true,
    read: ({ object, full }) =>
      full === null ? missing('no instant') : (full.nowMs - object.createdAtMs) / ms,
  };
}

function now(read: (zoned: Temporal.ZonedDateTime) => OperandValue, type: OperandType): Fact {
  return {
    type,
    unit: 'none',
    timely: true,
    read: ({ account, full }) =>
      full === null
        ? missing('no instant')
        : read(Temporal.Instant.fromEpochMilliseconds(full.nowMs).toZonedDateTimeISO(account.timeZone)),
  };
}

function parentFacts(root: 'campaign' | 'adset', word: string): [string, Fact][] {
  return Object.entries(OF_OBJECT).map(([key, [type, unit, read]]) => [
    `${root}.${key}`,
    fact(type, unit, (scope) => {
      const parent = scope[root];
      return parent === null ? missing(`this object has no single ${word}`) : read(parent);
    }),
  ]);
}

function accountFact(read: (account: AccountFacts) => string): Fact {
  return fact('string', 'none', (scope) => read(scope.account));
}

/** Every path of version 1 except `params.*`, which each strategy brings itself. */
export const FACTS: ReadonlyMap<string, Fact> = new Map<string, Fact>(
  Object.entries({
    ...Object.fromEntries(
      Object.entries(OF_OBJECT).map(([key, [type, unit, read]]) => [
        key,
        fact(type, unit, ({ object }) => read(object)),
      ]),
    ),
    level: fact('string', 'none', ({ object }) => object.level),
    ageHours: age('hours'),
    ageDays: age('days'),
    ...Object.fromEntries(parentFacts('campaign', 'campaign')),
    ...Object.fromEntries(parentFacts('adset', 'ad set')),
    'account.id': accountFact((account) => account.id),
    'account.name': accountFact((account) => account.name),
    'account.network': accountFact((account) => account.network),
    'account.currency': accountFact((account) => account.currency),
    'target.cpa': fact(
      'double',
      'money',
      ({ constants }) => constants.targetCpa ?? missing('the strategy has no target.cpa'),
    ),
    'target.roas': fact(
      'double',
      'ratio',
      ({ constants }) => constants.targetRoas ?? missing('the strategy has no target.roas'),
    ),
    'now.hour': now((zoned) => zoned.hour, 'double'),
    'now.minute': now((zoned) => zoned.minute, 'double'),
    'now.weekday': now((zoned) => WEEKDAYS[zoned.dayOfWeek - 1] ?? 'mon', 'string'),
  }),
);

/** The path `params.<name>` of a strategy's own parameter. */
export function paramFact(name: string, value: number | string | boolean): Fact {
  const type = typeof value === 'number' ? 'double' : typeof value === 'string' ? 'string' : 'bool';
  return fact(type, 'none', ({ constants }) => constants.params[name] ?? missing(`no parameter ${name}`));
}
