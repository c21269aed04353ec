import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../../../src/sources/explain/check-template.ts';
import { sourceProfile, sourceProfiles } from '../../../../src/sources/registry.ts';

const codes = (text: string, source?: string) =>
  checkTemplate(text, source === undefined ? null : (sourceProfile(source) ?? null)).findings.map(
    ({ code }) => code,
  );

describe('checking a template', () => {
  it.each([
    ['a good one', 'https://t.example/postback?cid={clickid}&payout={payout}', []],
    ['no question mark', 'https://t.example/postback&cid={clickid}', ['missing_question_mark']],
    ['a name twice', 'https://t.example/p?cid={clickid}&CID={sub}', ['duplicate_name']],
    [
      'a nested address',
      'https://t.example/p?cid={clickid}&u=https://x.example/?a={b}',
      ['nested_not_encoded'],
    ],
    [
      'a nested address, encoded',
      'https://t.example/p?cid={clickid}&u=https%3A%2F%2Fx.example%2F%3Fa%3D1',
      [],
    ],
    ['a # macro', 'https://t.example/p?cid=#s2#', ['hash_macro']],
    ['a real fragment', 'https://t.example/p?cid={clickid}#top&payout=1', ['cut_by_fragment']],
    ['two products', 'https://t.example/p?cid={clickid}&p=[payout]', ['mixed_dialects']],
    ['HTML damage', 'https://t.example/p?cid={clickid}&payout={p}¤cy=EUR', ['html_entity']],
    ['HTML separators', 'https://t.example/p?cid={clickid}&amp;payout={p}', ['html_entity']],
    ['half a macro', 'https://t.example/p?cid={clickid}&p={payout', ['open_bracket']],
    ['no click id', 'https://t.example/p?payout={payout}', ['no_click_id']],
    ['a space', 'https://t.example/p?cid={clickid}& payout={p}', ['space']],
    ['a bare address', 'https://203.0.113.7/p?cid={clickid}', ['address_not_a_name']],
    ['nothing', ' ', ['empty']],
    ['a space inside a macro', 'https://t.example/p?cid={cl?Net Name}&s={status:lead=a sale=b}', []],
    ['words to fill', 'https://t.example/p?cid=REPLACE&payout=OPTIONAL&txid={t}', ['to_fill', 'no_click_id']],
    ['the click id under a name of the receiver', 'https://t.example/p?uid=#s2#', ['hash_macro']],
    ['a click id in the path', 'https://t.example/cpa/{clickid}/{payout}', []],
  ])('%s: %s', (_, text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  it('knows the macros of the product that fills it', () => {
    expect(codes('https://t.example/p?cid={clickid}', 'appsflyer')).toContain('wrong_dialect');
    expect(codes('https://t.example/p?clickid=(clickid)', 'appsflyer')).not.toContain('wrong_dialect');
    expect(codes('https://t.example/p?s2=#s2#&p=#price#', 'cake')).toEqual(['hash_macro']);
  });

  it('a device or an account without a click id is said to be one', () => {
    const message = (text: string) =>
      checkTemplate(text, null).findings.find(({ code }) => code === 'no_click_id')?.message;
    expect(message('https://t.example/p?user_id={user_id}&transaction_id={t}')).toContain(
      '"user_id" says who',
    );
    expect(message('https://t.example/p?idfa={idfa}&event={event}')).toContain('"idfa" says who');
    expect(message('https://t.example/p?payout={payout}')).toBe('No parameter holds a click id.');
  });

  it('names the macro that was meant', () => {
    const { findings } = checkTemplate(
      'https://t.example/p?clickid=(clikid)',
      sourceProfile('appsflyer') ?? null,
    );
    expect(findings.find(({ code }) => code === 'near_miss')?.next).toBe('Write "clickid".');
  });

  it('lists every macro in its place, with what it means', () => {
    const { macros } = checkTemplate(
      'https://t.example/{cid}?e={cl?Net}&f=${(a.revenue)!}&g=TS{b.c}&h=(event-name)',
      null,
    );
    expect(macros.map(({ text, dialect, means }) => [text, dialect, means])).toEqual([
      ['{cid}', '{name}', 'clickId'],
      ['{cl?Net}', '{name}', 'clickId'],
      ['${(a.revenue)!}', '${(name)!}', 'amount'],
      ['TS{b.c}', 'TS{name}', null],
      ['(event-name)', '(name)', 'event'],
    ]);
  });

  it.each(sourceProfiles())("$id: finds no error in the profile's own address", (profile) => {
    const { findings } = checkTemplate(`https://t.example/p/x?${profile.template}`, profile);
    expect(findings.filter(({ weight }) => weight === 'error')).toEqual([]);
    expect(findings.map(({ code }) => code)).not.toContain('no_click_id');
  });

  it('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('cake', 'adjust', null), (text, source) => {
        checkTemplate(text, source === null ? null : (sourceProfile(source) ?? null));
      }),
    );
  });
});
