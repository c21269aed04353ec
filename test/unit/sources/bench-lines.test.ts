import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { EXAMPLES_NAME, EXAMPLES_VARIABLE, findExamples } from '../../../bench/examples-file.ts';
import { lineProblems } from '../../../bench/source-line.ts';

const NOW = Date.UTC(2026, 10, 6);
const problems = (line: object) => lineProblems(JSON.stringify(line), NOW);
const inbound = (query: string, expected: object) =>
  problems({ kind: 'inbound_postback', url: `https://x.example/p?${query}`, expect: expected });

it('a field goes by several names, and is compared as what it is', () => {
  const query =
    'click_id=c1&payout=12,50&currency=eur&time=1700000000&txid=7&event=lead&ip=1.2.3.4&country=de&idfa=A-1&is_retargeting=1&status=approve';
  expect(
    inbound(query, {
      clickid: 'c1',
      revenue: 12.5,
      payout: '12.50',
      currency: 'EUR',
      time: '2023-11-14T22:13:20Z',
      event_time: 1_700_000_000,
      transaction_id: 7,
      event: 'lead',
      ip: '1.2.3.4',
      country: 'de',
      idfa: 'A-1',
      re_engagement: true,
      status: 'approved',
    }),
  ).toEqual([]);
});

it('what is read otherwise is said, field by field', () => {
  expect(inbound('click_id=c1&payout=12', { click_id: 'C1', payout: 13, txid: 'x', event: null })).toEqual([
    'click_id: expected C1, read c1',
    'payout: expected 13, read 12',
    'txid: expected x, read null',
  ]);
  expect(inbound('click_id=c1', { click_id: null })).toEqual(['click_id: expected null, read c1']);
});

it('a key that is no field of ours is the parameter of that name', () => {
  expect(inbound('click_id=c1&sub3=z', { sub3: 'z' })).toEqual([]);
  expect(inbound('click_id=c1&sub3=z', { sub4: 'z' })).toEqual(['sub4: expected z, read null']);
});

it('bad lines are problems of their own', () => {
  expect(lineProblems('{', NOW)).toEqual(['not JSON']);
  expect(problems({ url: 'https://x.example' })).toHaveLength(1);
  expect(problems({ kind: 'inbound_postback', expect: { click_id: 'x' } })).toEqual([
    'click_id: expected x, read null',
  ]);
});

it('examples are found by the variable, or in a folder beside the checkout or above', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'examples-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const checkout = path.join(root, 'a', 'checkout');
  mkdirSync(checkout, { recursive: true });
  expect(findExamples(checkout, {})).toBeNull();

  const above = path.join(root, 'things', 'lines');
  mkdirSync(above, { recursive: true });
  writeFileSync(path.join(above, EXAMPLES_NAME), '');
  expect(findExamples(checkout, {})).toBe(path.join(above, EXAMPLES_NAME));

  const beside = path.join(root, 'a', 'neighbour');
  mkdirSync(beside);
  writeFileSync(path.join(beside, EXAMPLES_NAME), '');
  expect(findExamples(checkout, {})).toBe(path.join(beside, EXAMPLES_NAME));

  const named = path.join(above, EXAMPLES_NAME);
  expect(findExamples(checkout, { [EXAMPLES_VARIABLE]: named })).toBe(named);
  expect(findExamples(checkout, { [EXAMPLES_VARIABLE]: '/nowhere/at/all' })).toBeNull();
});
