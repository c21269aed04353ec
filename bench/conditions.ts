import { median } from 'simple-statistics';
import { compileStrategy } from '../src/core/rules/compile.ts';
import { evaluateCondition } from '../src/core/rules/condition.ts';
import { evidenceOf, learnedOfMonth, monthOfDelivery, strategyOf } from '../test/support/evidence.ts';

/**
 * What one condition of each family of statistics costs on an ad set with a month of facts, in microseconds of a core: the
 * median of nine rounds, each over ad sets of its own; and what it costs to compile a thousand rules. The last line is JSON.
 */
const CONDITIONS = {
  'proven.cpaAbove': 'proven.cpaAbove(target.cpa, 0.05)',
  'proven.roasBelow': 'proven.roasBelow(target.roas, 0.05)',
  'due.conversions': 'due.conversions("7d") > 1000',
  'shrunk.roas': 'shrunk.roas("7d") < 0',
  'probability.roasBelow': 'probability.roasBelow(target.roas, "7d") < 0',
  'forecast.conversionsHigh': 'forecast.conversionsHigh("7d") < 0',
  'forecast.roasLow': 'forecast.roasLow("7d") < 0',
};
const ROUNDS = 9;
const AD_SETS = 3_000;
const RULES = 1_000;

const delivery = monthOfDelivery();
const learned = learnedOfMonth();
/** A new ad set each time: what is kept per evidence must not make a second look cheap. */
const fresh = () => evidenceOf({ delivery: { ...delivery }, learned });

function microseconds(condition: string): number {
  const { rules, constants } = strategyOf(condition);
  const [rule] = rules;
  if (rule === undefined) throw new Error('no rule');
  const rounds = Array.from({ length: ROUNDS }, () => {
    const all = Array.from({ length: AD_SETS }, fresh);
    // The thread's own time: other work on the machine does not lengthen it.
    const start = process.threadCpuUsage();
    for (const full of all) {
      const { object, campaign, adset, account } = full;
      evaluateCondition(rule.when, { object, campaign, adset, account, full, constants });
    }
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / AD_SETS;
  });
  return median(rounds);
}

function compileSeconds(): number {
  const rules = Array.from({ length: RULES }, (_, index) => ({
    name: `rule ${index}`,
    when: `spend("7d") > ${index} && cpa("7d") > target.cpa && proven.cpaAbove(${index + 1}, 0.05) && due.conversions("7d") >= 3`,
    // oxlint-disable-next-line unicorn/no-thenable -- a rule is written when … then; nothing awaits it.
    then: { pause: true as const },
  }));
  const startedAt = performance.now();
  const compiled = compileStrategy({
    version: 1,
    strategy: 'bench',
    scope: { level: 'adset' },
    target: { event: 'purchase', cpa: 30 },
    rules,
  });
  if (!compiled.ok) throw new Error('the rules do not compile');
  return (performance.now() - startedAt) / 1_000;
}

const rounded = (value: number): number => Number(value.toPrecision(3));
const found = Object.entries(CONDITIONS).map(([name, condition]) => {
  const own = rounded(microseconds(condition));
  console.log(`${name.padEnd(26)} ${own} µs`);
  return [name, own] as const;
});
console.log(
  JSON.stringify({
    microseconds: Object.fromEntries(found),
    worstMicroseconds: Math.max(...found.map(([, own]) => own)),
    compileThousandRulesSeconds: rounded(compileSeconds()),
  }),
);
