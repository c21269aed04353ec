import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownCode, markdownText } from '../../src/core/markdown.ts';

describe('text as Markdown', () => {
  it('keeps two amounts from becoming a formula, and a name its underscores', () => {
    expect(markdownText('US_Zen: bid $1.20 → $1.32')).toBe('US\\_Zen: bid \\$1.20 → \\$1.32');
  });

  it('reads as written once Markdown has taken the escapes away', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(markdownText(text).replaceAll(/\\([\\`*_[\]<>|~$])/g, '$1')).toBe(text);
      }),
    );
  });

  it('holds code together', () => {
    expect(markdownCode('cpa("7d") > `x`')).toBe('`cpa("7d") > \'x\'`');
  });
});
