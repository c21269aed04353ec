import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSample } from '../../src/cli/sample-market.ts';
import { ensureSampleWorkspace, SAMPLE } from '../../src/runtime/sample-workspace.ts';
import { seal } from '../../src/secrets.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let cli: Cli;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  await ensureSampleWorkspace(
    database.db,
    { config: { marketRate: 1 }, secretKey: cli.secretKey, sandboxUrl: 'http://127.0.0.1:1' },
    Date.now(),
  );
});
afterAll(async () => {
  await database.drop();
  cli.remove();
});

it("the sample's source is one like any other: its address can be shown, checked and explained", async () => {
  const { sourceKey } = await readSample(database.db, cli.secretKey);
  const shown = await cli.run(['source', 'show', SAMPLE.sourceId]);
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toContain(`/p/${SAMPLE.sourceId}/${sourceKey}?`);
  const page = await cli.run(['launch-check', '--source', SAMPLE.sourceId, '--no-wait']);
  expect(page.out).toContain(sourceKey);
  const told = await cli.run(['postback', 'explain', 'click_id=c&event=purchase&amount=1']);
  expect(told).toMatchObject({ code: 0, err: '' });
  expect(told.out).toContain(`/p/${SAMPLE.sourceId}/${sourceKey}?`);
});

it('the market of a sample that an earlier version made goes on, and what cannot show the key says so', async () => {
  const { db } = database;
  const sealed = seal(cli.secretKey, 'the-key-of-before', SAMPLE.sourceId);
  await db.updateTable('source').set({ key_sealed: sealed }).where('id', '=', SAMPLE.sourceId).execute();
  expect((await readSample(db, cli.secretKey)).sourceKey).toBe('the-key-of-before');
  const page = await cli.run(['launch-check', '--source', SAMPLE.sourceId, '--no-wait']);
  expect(page.out).toContain(`/p/${SAMPLE.sourceId}/<key>?`);
});
