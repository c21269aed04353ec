import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../../../src/sources/explain/check-template.ts';
import type { Kind } from '../../../../src/sources/explain/guess-kind.ts';
import { readAnything } from '../../../../src/sources/explain/read-anything.ts';

const LONG = 100_000;
const KINDS: readonly (Kind | undefined)[] = ['click', 'inbound_postback', 'outbound_template', undefined];
const read = (given: { readonly address?: string; readonly body?: string }, kind?: Kind) =>
  readAnything({ ...given, ...(kind === undefined ? {} : { kind }), nowMs: 0 });

describe('input that nobody should send', () => {
  it('neither address nor body, or empty ones: nothing is read, nothing breaks', () => {
    for (const kind of KINDS)
      for (const given of [{}, { address: '' }, { address: '?' }, { address: '', body: '' }, { body: '{}' }])
        expect(read(given, kind).said).toEqual({});
    expect(checkTemplate('', null).findings.map(({ code }) => code)).toEqual(['empty']);
  });

  it.each([
    ['one long value', `https://x.example/p?click_id=${'a'.repeat(LONG)}`],
    ['a macro without end', `https://x.example/p?c={${'a'.repeat(LONG)}`],
    ['brackets only', `https://x.example/p?c=${'{'.repeat(LONG)}`],
    ['a path without end', `https://x.example/${'a/'.repeat(LONG / 2)}`],
    ['parameters without end', `https://x.example/p?${'a=1&'.repeat(LONG / 4)}`],
    [
      'digits without end',
      `https://x.example/p?click_id=a&payout=${'1'.repeat(LONG)}&time=${'1'.repeat(LONG)}`,
    ],
    ['dots without end', `https://x.example/p?${'data.'.repeat(LONG / 5)}click_id=1`],
  ])('100 kB of %s is read in a moment', (_, address) => {
    const started = performance.now();
    for (const kind of KINDS) read({ address }, kind);
    checkTemplate(address, null);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('half a percent sequence and half a character keep what can be kept', () => {
    const broken = read({ address: 'https://x.example/p?click_id=%E0%A4%A&payout=1' }, 'inbound_postback');
    expect(broken.said).toMatchObject({ clickId: { value: '%E0%A4%A' }, amount: { value: '1' } });
    const lone = read({ address: 'https://x.example/p?click_id=\ud800abc' }, 'inbound_postback');
    expect(lone.said.clickId?.value).toBe('\ufffdabc');
    expect(lone.warnings).toContain('damaged_text:click_id');
  });

  it('words that every object knows are names and values like any other', () => {
    const words = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const query = words.map((word) => `${word}=${word}`).join('&');
    for (const kind of KINDS)
      expect(read({ address: `https://x.example/p?${query}` }, kind).said).toEqual({});
    const filled = read(
      { address: 'https://x.example/p?click_id=constructor&event=toString&currency=valueOf' },
      'inbound_postback',
    );
    expect(filled.said).toMatchObject({ clickId: { value: 'constructor' }, event: { value: 'toString' } });
    expect(filled.currency).toBeNull();
    const body = '{"__proto__":{"click_id":"a"},"constructor":{"prototype":{"event":"b"}}}';
    expect(read({ body }, 'inbound_postback').said).toEqual({});
    expect(Object.hasOwn(Object.prototype, 'click_id')).toBe(false);
  });

  it('a JSON template may leave its numbers unquoted, what is sent may not', () => {
    const body = '{"tid": "{tid}", "click_id": {{ClickId}}, "payout": {payout}, "list": [#time#] ,"n":%n%}';
    for (const kind of ['outbound_template', undefined] as const) {
      const { said, warnings, kind: guessed } = read({ body }, kind);
      expect(said).toMatchObject({ clickId: { value: '{{ClickId}}' }, amount: { value: '{payout}' } });
      expect(warnings).not.toContain('broken_json');
      expect(guessed).toBe('outbound_template');
    }
    expect(read({ body }, 'inbound_postback').warnings).toContain('broken_json');
    const started = performance.now();
    expect(read({ body: '{"a":' + '{'.repeat(LONG) + '\t'.repeat(LONG) }).warnings).toContain('broken_json');
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('a body that is no object is said to be unreadable', () => {
    for (const [body, warning] of [
      ['[1,2]', 'unreadable_body'],
      ['null', 'unreadable_body'],
      ['{"click_id":', 'broken_json'],
    ] as const)
      expect(read({ body }, 'inbound_postback').warnings).toContain(warning);
    expect(
      read({ body: `${'{"data":'.repeat(3_000)}1${'}'.repeat(3_000)}` }, 'inbound_postback').said,
    ).toEqual({});
  });
});
