import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { WORKFLOW, WORKFLOW_ID } from '../../workflows/names.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { seedDecision } from '../support/live-facts.ts';
import { type LiveMarket, seedLiveMarket } from '../support/live-market.ts';
import { testTemporal } from '../support/temporal.ts';

let database: TestDatabase;
let market: LiveMarket;
let connection: Connection;

beforeAll(async () => {
  database = await testDatabase();
  market = await seedLiveMarket(database.db, Date.now());
  connection = await Connection.connect({ address: testTemporal().address });
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});

async function approve(...args: string[]): Promise<{ code: number; answer: unknown }> {
  let out = '';
  const stdout = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((chunk) => ((out += String(chunk)), true));
  try {
    const code = await runProgram(['approve', ...args, '--by', 'Ann', '--json'], {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
    });
    return { code, answer: JSON.parse(out) };
  } finally {
    stdout.mockRestore();
  }
}

const waiting = () =>
  seedDecision(database.db, {
    market,
    adSet: 'Lookalike 1 %',
    verdict: 'set_bid',
    sentence: 'bid $1.20 → $1.32',
    mode: 'approve',
    wallMs: Date.now(),
  });

describe('approve', () => {
  it(
    'says so when no worker takes the answer, instead of waiting for ever',
    { timeout: 30_000 },
    async () => {
      const decisionId = await waiting();
      const client = new Client({ connection });
      const handle = await client.workflow.start(WORKFLOW.set_bid, {
        taskQueue: `nobody-${randomUUID()}`,
        workflowId: WORKFLOW_ID.act(decisionId),
        args: [],
      });
      try {
        expect(await approve(decisionId)).toMatchObject({
          code: 1,
          answer: { error: { code: 'nobody_listens', next: expect.stringContaining('bidloop status') } },
        });
      } finally {
        await handle.terminate();
      }
    },
  );

  it('says so when the decision has no workflow that could hear it', async () => {
    expect(await approve(await waiting())).toMatchObject({
      code: 1,
      answer: { error: { code: 'not_answered' } },
    });
  });
});
