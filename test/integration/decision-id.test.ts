import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDecisionRecord } from '../../src/db/explain.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { seedDecision } from '../support/live-facts.ts';
import { seedLiveMarket } from '../support/live-market.ts';

const ONE = 'e1110000-0000-4000-8000-000000000001';
const TWIN = 'e1110000-0000-4000-8000-000000000002';
const OTHER = 'e2220000-0000-4000-8000-000000000003';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  const market = await seedLiveMarket(database.db, Date.now());
  for (const id of [ONE, TWIN, OTHER]) {
    const made = await seedDecision(database.db, {
      market,
      adSet: 'Lookalike 1 %',
      verdict: 'set_bid',
      sentence: 'bid $1.20 → $1.32',
      mode: 'live',
      wallMs: Date.now(),
    });
    await database.db.updateTable('decision').set({ id }).where('id', '=', made).execute();
  }
});
afterAll(async () => database.drop());

describe('a decision asked for by its id', () => {
  it.each([OTHER, 'e2220000', 'E2220000', 'e2220000-0000-4'])('is found as %s', async (id) => {
    expect((await loadDecisionRecord(database.db, id))?.id).toBe(OTHER);
  });

  it.each(['nope', 'e', 'e222', '', '%', 'e2220000 or so', 'e2220001', `${OTHER}0`])(
    'is not another one for "%s"',
    async (id) => {
      expect(await loadDecisionRecord(database.db, id)).toBeUndefined();
    },
  );

  it('is not guessed when several begin so', async () => {
    await expect(loadDecisionRecord(database.db, 'e1110000')).rejects.toMatchObject({
      code: 'ambiguous_decision',
    });
    expect((await loadDecisionRecord(database.db, TWIN))?.id).toBe(TWIN);
  });
});
