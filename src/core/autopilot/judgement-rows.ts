import { moneyText } from '../rules/phrases.ts';
import { oddsText } from '../rules/odds.ts';
import { chanceText } from './words.ts';
import type { Judgement } from './judgement.ts';

/** One number of a judgement for people: what it is, and its value. */
export type JudgementRow = readonly [what: string, value: string];

/**
 * The numbers of a judgement as rows to read, in the order in which they come out of each other: docs/autopilot.md says
 * each one's formula under the same name.
 *
 * @param currency of the account.
 */
export function judgementRows(judgement: Judgement, currency: string): readonly JudgementRow[] {
  const money = (value: number) => moneyText(value, currency);
  const { test, prior, interval } = judgement;
  return [
    [
      'Stage',
      judgement.stageBefore === judgement.stageAfter
        ? judgement.stageBefore
        : `${judgement.stageBefore} → ${judgement.stageAfter}`,
    ],
    ['One conversion may cost', money(judgement.perConversion)],
    [
      'Spend since the test began',
      `${money(test.spend)} since ${day(test.sinceMs)}, ${money(test.matured)} of it matured (delays assumed long)`,
    ],
    ['Conversions and due', `${short(test.count)} counted, ${short(test.due)} due`],
    [
      'Evidence that it is worse than target',
      `${oddsText(judgement.lnEvidence)} (ln e ${short(judgement.lnEvidence)}); pausing needs ${oddsText(judgement.lnThreshold)}`,
    ],
    [
      'Newest weeks, for profit',
      `${money(judgement.spend)} since ${day(judgement.sinceMs)}, ${money(judgement.matured)} matured; ${short(judgement.count)} counted, ${short(judgement.due)} due`,
    ],
    [
      'Prior of its siblings',
      `${short(prior.a)} conversions on ${money(prior.b * judgement.unitSpend)} (${prior.from}${prior.siblings > 0 ? `, ${prior.siblings} siblings` : ''})`,
    ],
    ['Chance that it is worse than target', chanceText(judgement.probabilityWorse)],
    [
      'Shrunk cost of a conversion',
      `${money(judgement.perConversion / judgement.efficiency)}${interval === null ? '' : `, 90 % between ${money(interval.low)} and ${money(interval.high)}`}`,
    ],
    [
      'Matured spend that profit allows',
      judgement.boundary === null
        ? 'unknown: no daily spend is planned'
        : money(judgement.boundary * judgement.unitSpend),
    ],
    ['Share of its budget', `${short(judgement.level * 100)} %`],
    [
      'Delay curve',
      judgement.curve.from === 'default'
        ? 'the default: nothing learned yet'
        : `the ${judgement.curve.from}'s, learned ${day(judgement.curve.learnedAtMs)}`,
    ],
  ];
}

/** Three or four digits tell it; all of them are in the record. */
function short(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3)));
}

function day(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8e15 ? new Date(ms).toISOString().slice(0, 10) : '?';
}
