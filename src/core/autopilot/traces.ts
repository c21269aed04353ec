import type { RuleTrace } from '../decision.ts';
import { moneyText } from '../rules/phrases.ts';
import { oddsText } from '../rules/odds.ts';
import { PILOT_RULES } from './stage.ts';
import { missedTarget, pauseWords, type Telling } from './words.ts';

/** What the autopilot asked, in the form in which rules are explained: two questions with the numbers they were asked with. */
export function pilotTraces(telling: Telling): readonly RuleTrace[] {
  const { judgement, currency } = telling;
  const proven = judgement.lnEvidence >= judgement.lnThreshold;
  const throttled = judgement.level < 1;
  return [
    {
      rule: PILOT_RULES.pause,
      holds: proven,
      conditions: [
        {
          text: `evidence that ${missedTarget(telling)} reaches ${oddsText(judgement.lnThreshold)}`,
          holds: proven,
          values: [
            {
              expression: 'evidence',
              value: Math.exp(Math.min(judgement.lnEvidence, 700)),
              said: pauseWords(telling),
            },
          ],
        },
      ],
    },
    {
      rule: PILOT_RULES.probation,
      holds: throttled,
      conditions: [
        {
          text: `matured spend ${judgement.stageBefore === 'probation' ? 'is still over nine tenths of' : 'reaches'} what profit allows for so few conversions`,
          holds: throttled,
          values: [
            { expression: 'matured spend', value: judgement.matured },
            judgement.boundary === null
              ? { expression: 'allowed', value: null, why: 'no daily spend is planned' }
              : {
                  expression: 'allowed',
                  value: judgement.boundary * judgement.unitSpend,
                  said: `${moneyText(judgement.boundary * judgement.unitSpend, currency)} of matured spend`,
                },
          ],
        },
      ],
    },
  ];
}
