import { sql } from 'kysely';
import { micros } from '../src/core/money.ts';
import type { ObjectId } from '../src/core/object.ts';
import { recordSynced } from '../src/db/accounts.ts';
import type { Db } from '../src/db/connection.ts';
import { storeSpend } from '../src/db/spend.ts';
import { storeStrategy } from '../src/db/strategy.ts';
import { readStrategy } from '../src/strategies/read.ts';

/** Twenty rules in three strategies over windows from 3 hours to 30 days; six of them ask statistics. */
const STRATEGIES = [
  `version: 1
strategy: a-stop-loss
scope: { network: meta, level: ad }
target: { event: purchase, cpa: 1.20 USD, roas: 5 }
mode: live
rules:
  - { name: no sale in hours, when: 'conversions("3h") == 0 && spend("3h") > 3 * target.cpa', then: { pause: { until: tomorrow } } }
  - { name: no sale today, when: 'conversions("today") == 0 && spend("today") > 3 * target.cpa', then: { pause: { until: tomorrow } } }
  - { name: too dear today, when: 'conversions("today") >= 3 && cpa("today") > 2.5 * target.cpa', then: { pause: { until: tomorrow } } }
  - { name: too dear in days, when: 'conversions("3d") >= 4 && cpa("3d") > 2 * target.cpa', then: { pause: true } }
  - { name: too dear in a week, when: 'spend("7d") > 10 * target.cpa && cpa("7d") > 1.6 * target.cpa', then: { pause: true } }
  - { name: earns too little, when: 'conversions("30d") >= 10 && roas("30d") < 0.4 * target.roas', then: { pause: true } }
  - { name: nobody clicks, when: 'impressions("7d") > 20000 && ctr("7d") < 0.002', then: { pause: true } }
  - { name: late sales, when: 'conversions("today") > 0 && cpa("today") < target.cpa', then: { resume: true } }
guardrails: { maxActionsPerDay: 2000, maxShareOfSpendPaused: 50 % }
`,
  `version: 1
strategy: b-proof
scope: { network: meta, level: ad }
target: { event: purchase, cpa: 1.20 USD, roas: 5 }
mode: live
rules:
  - { name: proven too dear, when: 'proven.cpaAbove(target.cpa, 0.05)', then: { pause: true } }
  - { name: proven to earn too little, when: 'proven.roasBelow(0.5 * target.roas, 0.05)', then: { pause: true } }
  - { name: sales are due, when: 'conversions("7d") == 0 && due.conversions("7d") >= 6', then: { pause: true } }
  - { name: likely too dear, when: 'shrunk.cpa("7d") > 3 * target.cpa && matured.spend("7d") > 20 * target.cpa', then: { notify: look at it } }
  - { name: will be too dear, when: 'forecast.cpaLow("3d") > 4 * target.cpa', then: { notify: look at it } }
  - { name: surely cheap, when: 'probability.cpaBelow(0.2 * target.cpa, "30d") > 0.99', then: { notify: look at it } }
guardrails: { maxActionsPerDay: 3000, maxShareOfSpendPaused: 50 % }
`,
  `version: 1
strategy: c-watch
scope: { network: meta, level: ad }
target: { event: purchase, cpa: 1.20 USD, roas: 5 }
mode: dry-run
rules:
  - { name: fades, when: 'conversions("7d before today") >= 10 && cpa("3d") > 2 * cpa("30d")', then: { notify: look at it } }
  - { name: dear clicks, when: 'cpc("3h") > 3 * cpc("7d") && clicks("3h") > 200', then: { notify: look at it } }
  - { name: silent, when: 'impressions("yesterday") > 5000 && impressions("6h") == 0', then: { notify: look at it } }
  - { name: sells well, when: 'conversions("3d") >= 8 && roas("3d") > 6 * target.roas', then: { notify: look at it } }
  - { name: spends too fast, when: 'spend("3h") > 0.8 * spend("yesterday") && spend("yesterday") > 50', then: { notify: look at it } }
  - { name: untracked, when: 'clicks("7d") > 400 && visits("7d") < 0.3 * clicks("7d")', then: { notify: look at it } }
`,
];

/** Puts the strategies in force. @returns how many rules each object is asked. */
export async function seedStrategies(db: Db, nowMs: number): Promise<number> {
  let rules = 0;
  for (const text of STRATEGIES) {
    const read = readStrategy(text, { fileName: 'bench.yaml' });
    if (!read.ok) throw new Error(read.problems.map((problem) => problem.message).join('; '));
    await storeStrategy(db, { workspaceId: 'bench', text, document: read.document, origin: null, nowMs });
    rules += read.compiled.rules.length;
  }
  await sql`update ad_account set writes_allowed = true where id = 'bench-a'`.execute(db);
  return rules;
}

/**
 * The next hour's report: spend of every ad in a hundred rises far over what its sales are worth. One sync's worth of
 * facts, stored as a sync stores them.
 */
export async function seedNextHour(db: Db, hourMs: number): Promise<void> {
  const { rows } = await sql<{ id: ObjectId }>`
    select id from object where account_id = 'bench-a' and level = 'ad' and id % 100 = 0 order by id`.execute(
    db,
  );
  await db.transaction().execute(async (trx) => {
    await storeSpend(trx, {
      accountId: 'bench-a',
      zone: 'UTC',
      knownFromMs: hourMs + 3_600_000,
      rows: rows.map(({ id }) => ({
        objectId: id,
        hourMs,
        spendMicros: micros(45_000_000),
        impressions: 4_000,
        clicks: 60,
      })),
    });
    await recordSynced(trx, 'bench-a', { asOfMs: hourMs + 3_600_000, nowMs: hourMs + 3_600_000 });
  });
}
