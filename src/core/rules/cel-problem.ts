import { ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { ConditionProblem } from './analyze.ts';

/** CEL's type names in plain words. */
export function typeWord(type: string): string {
  return type === 'double' || type === 'int'
    ? 'a number'
    : type === 'string'
      ? 'a text'
      : type.startsWith('list')
        ? 'a list'
        : type === 'bool'
          ? 'true or false'
          : type;
}

/** CEL's own complaint in our words, at its place. @throws what is no complaint of CEL's. */
export function celProblem(error: unknown, text: string): ConditionProblem {
  if (!(error instanceof ParseError || error instanceof CelTypeError)) throw error;
  const offset = Math.min(error.range?.start ?? 0, text.length);
  const length = Math.max(1, (error.range?.end ?? offset) - offset);
  const words = error.summary.replace(/\b(double|int|string|bool|list<\w+>)\b/g, (type) => typeWord(type));
  if (error.code === 'limit_exceeded')
    return {
      offset,
      length,
      message: 'the condition is too long or too deep',
      hint: 'split it into several rules',
    };
  const operator = /^no such overload: (.+) (\S+) (.+)$/.exec(words);
  if (operator)
    return {
      offset,
      length,
      message: `${operator[1]} ${operator[2]} ${operator[3]} means nothing`,
      hint: 'numbers go with numbers, texts with texts, and && || with comparisons',
    };
  const unary = /^no such overload: ([!-])(.+)$/.exec(words);
  if (unary) return { offset, length, message: `${unary[1]} before ${unary[2]} means nothing` };
  if (error.code === 'unexpected_character' && /^=($|[^=])/.test(text.slice(offset)))
    return { offset, length: 1, message: '= compares nothing', hint: 'write == for "is equal to"' };
  if (error.code === 'unexpected_character' && /^[&|]/.test(text.slice(offset))) {
    const sign = text[offset] ?? '&';
    return { offset, length: 1, message: `a single ${sign} means nothing`, hint: `write ${sign}${sign}` };
  }
  const percent = /([\d.]+)\s*%\s*$/.exec(text.slice(0, offset));
  if (percent)
    return {
      offset: percent.index,
      length: percent[0].trimEnd().length,
      message: '% is not a percentage here',
      hint: `write ${Number((Number(percent[1]) / 100).toPrecision(12))} for ${percent[1]} %`,
    };
  const word = /^(and|or|not)\b/i.exec(text.slice(offset))?.[1]?.toLowerCase();
  if (word !== undefined)
    return {
      offset,
      length: word.length,
      message: `"${word}" is not a sign of conditions`,
      hint: `write ${word === 'and' ? '&&' : word === 'or' ? '||' : '!'}`,
    };
  const atEnd = offset >= text.length ? 'the condition ends too early' : null;
  if (atEnd === null && error.code === 'unexpected_token')
    return { offset, length, message: `"${text.slice(offset, offset + length)}" is not expected here` };
  return {
    offset,
    length,
    message: atEnd ?? `${words.charAt(0).toLowerCase()}${words.slice(1)}`,
    ...(atEnd === null
      ? {}
      : { hint: 'something is missing behind it, perhaps a number or a closing bracket' }),
  };
}
