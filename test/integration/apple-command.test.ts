import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addObject, seedAccount } from '../support/ingest-facts.ts';
import { startTestServer, type TestServer } from '../support/tracking.ts';
import { DEVELOPMENT_JWS, VECTORS } from '../unit/apple/vectors.ts';

const APP = '525463029';
const directory = mkdtempSync(path.join(tmpdir(), 'bidloop-apple-'));
let database: TestDatabase;
let cli: Cli;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  const shop = await seedAccount(database.db, { name: 'shop' });
  await addObject(database.db, shop, { level: 'campaign', networkId: '777' });
  server = await startTestServer(database.url);
});
afterAll(async () => {
  await server.close();
  cli.remove();
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

async function bidloop(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const { code, out, err } = await cli.run(args);
  return { code, text: out + err };
}

async function send(json: string): Promise<void> {
  const answer = await fetch(`${server.base}/.well-known/skadnetwork/report-attribution/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: json,
  });
  expect(answer.status).toBe(200);
}

it('says where devices report while nothing has come', async () => {
  const { code, text } = await bidloop('apple');
  expect(code).toBe(0);
  expect(text).toContain('Nothing came from Apple in the last 30d.');
  expect(text).toContain('/.well-known/skadnetwork/report-attribution/');
});

it('names an app with its values and campaigns, and refuses what it cannot read', async () => {
  const file = path.join(directory, 'values.json');
  writeFileSync(
    file,
    JSON.stringify({
      currency: 'USD',
      trustValues: true,
      windows: [{ fine: { 63: { event: 'purchase', revenue: 9.99 } } }],
    }),
  );
  const named = await bidloop(
    'apple',
    'set',
    APP,
    '--name',
    'Runner',
    '--values',
    file,
    '--campaign',
    '39=name of 777',
  );
  expect(named).toMatchObject({ code: 0 });
  expect(named.text).toContain(
    'Runner (525463029, workspace shop): values mapped (USD), 1 identifier has a campaign',
  );
  writeFileSync(file, '{"currency":"dollars","trustValues":true,"windows":[{"fine":{"64":{"event":"x"}}}]}');
  const refused = await bidloop('apple', 'set', APP, '--values', file);
  expect(refused.code).toBe(2);
  expect(refused.text).toContain('currency: write an ISO 4217 currency such as USD');
  expect(refused.text).toContain('a fine value is 0 to 63');
  expect(await bidloop('apple', 'set', APP, '--campaign', '39=nothing like it')).toMatchObject({ code: 1 });
  expect(await bidloop('apple', 'set', 'Runner')).toMatchObject({ code: 2 });
});

it('sums what counts by identifier, and says what share came without a signature that holds', async () => {
  await send(VECTORS['4.0 fine']);
  await send(VECTORS['4.0 coarse']);
  await send(VECTORS['4.0 fine']);
  await send(VECTORS['3.0 won']);
  await send(VECTORS['3.0 lost']);
  await send(VECTORS['1.0']);
  await send(VECTORS['4.0 fine'].replace('"did-win":true', '"did-win":false'));
  await send(DEVELOPMENT_JWS);
  const { code, text } = await bidloop('apple', '--since', '1d');
  expect(code).toBe(0);
  expect(text.split('\n')).toEqual([
    '8 requests in the last 1d:',
    '  3 (38 %) count',
    '  1 (13 %) not signed by Apple',
    '  1 (13 %) from phones in developer mode',
    '  1 (13 %) won by another network',
    '  1 (13 %) about apps not named here',
    '  1 (13 %) repeats',
    '',
    'Runner (525463029): 2 installs, 1 reinstall, values 20 ×1 63 ×1 high ×1, $9.99 by values (1 of 3 first reports mapped)',
    '  com.example: 2 installs, values 63 ×1 high ×1, $9.99 by values (1 of 2 first reports mapped)',
    expect.stringMatching(/^ {4}39 name of 777: 2 installs/),
    expect.stringMatching(/^ {6}239 name of 777: 1 install/),
    expect.stringMatching(/^ {8}5239 name of 777: 1 install/),
    expect.stringMatching(/^ {2}example123.skadnetwork: 0 installs, 1 reinstall/),
    expect.stringMatching(/^ {4}campaign id 42: 0 installs, 1 reinstall/),
    '',
  ]);
  const json = JSON.parse((await bidloop('--json', 'apple', '--app', 'runner')).text) as {
    apps: { name: string; total: { installs: number; revenueMicros: number } }[];
  };
  expect(json.apps).toMatchObject([{ name: 'Runner', total: { installs: 2, revenueMicros: 9_990_000 } }]);
});

it('an unknown name is answered with the nearest, a wrong time with the right spelling', async () => {
  expect((await bidloop('apple', '--app', 'Runer')).text).toContain('Did you mean "Runner"?');
  expect(await bidloop('apple', '--since', 'yesterday')).toMatchObject({ code: 2 });
});

it('a forgotten app’s postbacks stay', async () => {
  expect((await bidloop('apple', 'remove', APP)).text).toContain('every app count');
  expect(await bidloop('apple', 'remove', APP)).toMatchObject({ code: 1 });
  expect((await bidloop('apple', 'apps')).text).toContain('No app is named');
  expect((await bidloop('apple', '--app', APP)).text).toContain('App (525463029): 2 installs');
});
