import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { ObjectId } from '../../../src/core/object.ts';
import { planEffects } from '../../../src/core/plan-decision.ts';
import { objectFacts } from '../../support/evidence.ts';
import { DAY_MS, ourChange, pilotEvidence, pilotStrategy } from '../../support/pilot.ts';

const strategy = pilotStrategy({ caution: 'careful' });
const loser = Array.from({ length: 6 }, (_, index) => ({ spend: 60, conversions: index < 2 ? 1 : 0 }));

test('the details page shows the numbers of the judgement', () => {
  const evidence = pilotEvidence(loser);
  const [effect] = planEffects(strategy, evidence, decide(strategy, evidence));
  const details = effect?.plan.details ?? '';
  expect(details).toContain('**Rule:** pilot / autopilot: pause');
  for (const row of [
    '| Stage | normal → paused |',
    '| Conversions and due | 2 counted, 12 due |',
    '| Evidence that it is worse than target | 104 : 1 (ln e 4.65); pausing needs 20 : 1 |',
    '| Chance that it is worse than target | over 99.9 % |',
    '| Share of its budget | 2 % |',
    "| Delay curve | the account's, learned 1970-01-01 |",
  ])
    expect(details.replaceAll('\\', '')).toContain(row);
  expect(details).not.toContain('Rules looked at before');
  expect(effect?.plan.change).toEqual({ kind: 'pause' });
});

test('a creative: its active ads are paused, and only those that the autopilot paused are resumed', () => {
  const creatives = pilotStrategy({ caution: 'careful' }, { scope: { level: 'creative' } });
  const ad = (id: number, status: 'active' | 'paused', rule?: string) => ({
    object: objectFacts({ id: id as ObjectId, level: 'ad', name: `ad ${id}`, status }),
    history: rule === undefined ? [] : [ourChange('pause', rule, 2 * DAY_MS)],
  });
  const ads = [
    ad(11, 'active'),
    ad(12, 'paused', 'autopilot: pause'),
    ad(13, 'paused', 'stop-loss'),
    ad(14, 'paused'),
  ];
  const object = { level: 'creative' as const, dailyBudgetMicros: null };
  const bad = { ...pilotEvidence(loser, { object }), ads };
  const pausing = decide(creatives, bad);
  expect(pausing.verdict).toEqual({ kind: 'pause' });
  expect(planEffects(creatives, bad, pausing).map((effect) => effect.object.id)).toEqual([11]);

  const good = {
    ...pilotEvidence(
      loser.map((day) => ({ ...day, conversions: 3 })),
      {
        object: { ...object, status: 'paused' },
        history: [ourChange('pause', 'autopilot: pause', 2 * DAY_MS)],
      },
    ),
    ads: ads.slice(1),
  };
  const resuming = decide(creatives, good);
  expect(resuming.verdict).toEqual({ kind: 'resume' });
  expect(planEffects(creatives, good, resuming).map((effect) => effect.object.id)).toEqual([12]);
});
