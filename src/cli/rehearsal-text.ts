import { RELATION_WORDS } from '../core/conversion-relation.ts';
import { decimalFromMicros, micros } from '../core/money.ts';
import type { Rehearsal, RehearsedConversion } from '../db/rehearsal.ts';
import { reasonAdvice } from '../sources/advice.ts';

/** For --json: amounts as decimals. */
export function rehearsalData(rehearsal: Rehearsal): unknown {
  const { conversion, ...rest } = rehearsal;
  if (conversion === null) return { ...rest, conversion: null };
  const { valueMicros, sentMicros, ...others } = conversion;
  return {
    ...rest,
    conversion: { ...others, value: valueText(valueMicros), sent: valueText(sentMicros) },
  };
}

/** What would become of a postback, in lines for a person. */
export function rehearsalText(rehearsal: Rehearsal, sourceId: string): readonly string[] {
  const { answer, outcome, reason, detail, conversion } = rehearsal;
  if (answer === 'duplicate')
    return ['  It would be answered as a duplicate: the same message was accepted before. Nothing changes.'];
  const advice = reason === null ? null : reasonAdvice(reason);
  return [
    `  It would be ${(outcome ?? 'accepted').replaceAll('_', ' ')}${advice === null ? '' : ` (${reason}: ${advice.what})`}.`,
    ...(detail === null ? [] : [`  ${sentence(detail)}`]),
    ...(conversion === null ? [] : conversionLines(conversion)),
    ...(advice === null || advice.next === '' ? [] : [`  → ${advice.next.replaceAll('<source>', sourceId)}`]),
  ];
}

function conversionLines(conversion: RehearsedConversion): readonly string[] {
  const { exists, status, counted, object, campaign, accountId, losers, excluded } = conversion;
  const where = [object, campaign === object ? null : campaign, accountId].filter((part) => part !== null);
  const relation = conversion.relation === null ? '' : `${RELATION_WORDS[conversion.relation]}, `;
  const money = `${relation}${moneyOf(conversion)}`;
  return [
    `  ${exists ? 'The conversion on record would be' : 'A new conversion,'} ${status}, ${money}, ${counted ? 'counted' : `not counted${excluded === null ? '' : ` (${excluded})`}`}${where.length === 0 ? '' : `, for ${where.join(' in ')}`}.`,
    ...losers.map((loser) => `  Passed over: ${loser}.`),
  ];
}

/** What it is worth in the account's currency; until that is known, what was sent. */
function moneyOf({ valueMicros, currency, sentMicros, sentCurrency }: RehearsedConversion): string {
  if (valueMicros !== null) return `${valueText(valueMicros)} ${currency ?? ''}`.trim();
  if (sentMicros === null) return 'no known value';
  const sent = `${valueText(sentMicros)} ${sentCurrency ?? ''}`.trim();
  return `${sent} (not yet in ${currency ?? "an account's currency"})`;
}

function valueText(value: number | null): string | null {
  return value === null ? null : decimalFromMicros(micros(value));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
