import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNothing, isPlaceholder } from '../../../src/sources/macros.ts';

describe('placeholders left unfilled', () => {
  it.each([
    '{sub}',
    '{{sub}}',
    '${SUBID}',
    '$(name)',
    '[subid]',
    '[[subid]]',
    '(clickid)',
    '(event-name)',
    '#s2#',
    '<orderid>',
    '%x%',
    '%%name%%',
    '__CLICK_ID__',
    '@name@',
    'TS{a.b}',
    '${(last_attributed_touch_data.~campaign)!}',
    '{cl?NetworkName}',
    '{name:arg}',
    '{_name}',
    '{amount50%}',
    '{status}123456',
    '{{ad.id}}',
    '%7Bsub%7D',
    '%7B%7Bad.id%7D%7D',
    '%257Bsub%257D',
    'REPLACE',
    'OPTIONAL',
    'CLICK_ID',
    'TRANSACTION_ID',
  ])('%s is one', (value) => {
    expect(isPlaceholder(value)).toBe(true);
  });

  it.each([
    '',
    'abc',
    'IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk',
    'E.C.P.abc123',
    '{"af_revenue":"9.99"}',
    '(not a macro) text',
    '50%',
    '$12.50',
    '[1,2]',
    '(1)',
    '#1',
    'a@b.example',
    'x__y',
    '_fbc',
    'fb.1.1657051589577.IwZXh0',
    'Cj0KCQ_-',
    '<3',
    'VnSTflW-KxycRDrzAA0SXwH3^Ukpy',
    '%',
    '%E0%A4%A',
  ])('%s is none', (value) => {
    expect(isPlaceholder(value)).toBe(false);
  });

  it('no click id of ours or of a base64 kind is taken for one', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9.-]{10,100}$/), (id) => {
        expect(isPlaceholder(id)).toBe(false);
      }),
    );
  });
});

describe('nothing', () => {
  it('is written in many ways', () => {
    expect(['', 'null', 'NULL', 'undefined', 'None', 'NaN', 'N/A', '-'].every(isNothing)).toBe(true);
    expect(['0', 'no', 'nullable', 'x'].some(isNothing)).toBe(false);
  });
});
