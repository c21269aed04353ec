import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { strategyJsonSchema } from '../../../src/contract/strategy.ts';
import { strategyOf } from '../../support/evidence.ts';
import { FAMILIES } from '../../../src/core/rules/families.ts';
import { FACTS } from '../../../src/core/rules/facts.ts';
import { FUNCTIONS, LATER, METHODS } from '../../../src/core/rules/language.ts';
import { METRICS } from '../../../src/core/rules/metrics.ts';
import { readStrategy } from '../../../src/strategies/read.ts';
import { TEMPLATES } from '../../../src/strategies/templates.ts';

const ROOT = new URL('../../../', import.meta.url);
const text = (file: string) => readFileSync(new URL(file, ROOT), 'utf8');

test('the published schema is the one that is used (./bidloop strategy schema > docs/strategy.schema.json)', () => {
  expect(JSON.parse(text('docs/strategy.schema.json'))).toEqual(strategyJsonSchema());
});

describe('docs/rules.md', () => {
  const page = text('docs/rules.md');

  test.each([...METRICS.keys(), ...FACTS.keys(), ...FUNCTIONS, ...METHODS])('names %s', (word) => {
    expect(page).toMatch(new RegExp(`[\`.]${word.replaceAll('.', '\\.')}[\`(]`));
  });

  test.each(
    [...FAMILIES].flatMap(([family, methods]) => [...methods.keys()].map((name) => `${family}.${name}`)),
  )('explains %s with its window or target', (name) => {
    expect(page).toContain(`\`${name}(`);
  });

  test('each row of the statistics has an example that compiles', () => {
    const rows = page
      .split('\n')
      .filter((line) => /^\| `(proven|due|matured|shrunk|probability|forecast|est|arrived)\./.test(line));
    const examples = rows.map((row) => /`([^`]+)`\s*\|$/.exec(row)?.[1] ?? '');
    expect(examples).toHaveLength(12);
    for (const example of examples) expect(strategyOf(example).rules).toHaveLength(1);
  });

  test.each(['forecast.spend', 'siblings', 'tags', 'state', 'tables', 'frequency'])(
    'says that %s comes later',
    (word) => {
      expect(LATER.has(word)).toBe(true);
      expect(page).toContain(`\`${word}\``);
    },
  );

  test('names every action and guardrail', () => {
    const schema = JSON.stringify(strategyJsonSchema());
    const { properties } = strategyJsonSchema() as {
      properties: {
        rules: { items: { properties: { then: { properties: object } } } };
        guardrails: { properties: object };
      };
    };
    const words = [
      ...Object.keys(properties.rules.items.properties.then.properties),
      ...Object.keys(properties.guardrails.properties),
    ];
    expect(words.length).toBeGreaterThan(20);
    for (const word of words) expect(page, word).toContain(word);
    expect(schema).toContain('maxSpendAge');
  });

  test('its example is right', () => {
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const read = readStrategy(example, { fileName: 'docs/rules.md' });
      expect(read.ok ? [] : read.problems).toEqual([]);
    }
  });
});

describe('files that come with Bidloop', () => {
  test.each(readdirSync(new URL('strategies/', ROOT)))(
    'strategies/%s is right for a dollar account',
    (file) => {
      const read = readStrategy(text(`strategies/${file}`), {
        fileName: file,
        accounts: ['sample-meta', 'sample-autopilot'].map((id) => ({
          id,
          name: id,
          network: 'meta',
          currency: 'USD',
        })),
      });
      expect(read.ok ? read.warnings : read.problems).toEqual([]);
      if (read.ok)
        expect(read.compiled).toMatchObject({
          name: file.replace('.yaml', ''),
          mode: 'live',
          level: 'adset',
        });
    },
  );

  test.each(
    TEMPLATES.flatMap((template) =>
      (['campaign', 'adset', 'ad'] as const).map((level) => [template.name, level, template] as const),
    ),
  )('template %s for level %s is right, and in dry-run', (name, level, template) => {
    const read = readStrategy(template.write({ cpa: '25 EUR', event: 'trial', level }), { fileName: name });
    expect(read.ok ? [] : read.problems).toEqual([]);
    if (read.ok) expect(read.compiled).toMatchObject({ name, mode: 'dry-run', level, currency: 'EUR' });
  });
});
