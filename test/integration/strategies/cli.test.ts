import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import { strategyJsonSchema } from '../../../src/contract/strategy.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { seedAccount } from '../../support/seed-account.ts';

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-strategy-cli-'));
  database = await testDatabase();
  await seedAccount(database.db);
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** Runs `bidloop strategy …` in this process: starting one for each line would take longer than all it does. */
async function strategy(...args: readonly string[]) {
  let out = '';
  let err = '';
  const stdout = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((chunk) => ((out += String(chunk)), true));
  const stderr = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((chunk) => ((err += String(chunk)), true));
  try {
    const code = await runProgram(['strategy', ...args], {
      BIDLOOP_DATA_DIR: path.join(folder, 'data'),
      BIDLOOP_STRATEGIES_DIR: path.join(folder, 'strategies'),
      DATABASE_URL: database.url,
    });
    return { code, out, err };
  } finally {
    // A command that failed has set it; it is not this process's.
    process.exitCode = undefined;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

test("new writes into a workspace's own folder", async () => {
  const made = await strategy('new', 'watch', '--cpa', '30', '--workspace', 'my-shop', '--json');
  const file = path.join(folder, 'strategies', 'my-shop', 'watch.yaml');
  expect(JSON.parse(made.out)).toMatchObject({ file });
  expect(readFileSync(file, 'utf8')).toContain('version: 1');
});

test('new writes a commented file that is right, and never overwrites one', async () => {
  const made = await strategy('new', 'stop-loss', '--cpa', '30 USD');
  expect(made).toMatchObject({ code: 0, err: '' });
  const file = path.join(folder, 'strategies', 'stop-loss.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('cpa: 30 USD');
  expect(text.split('\n').filter((line) => line.includes('#')).length).toBeGreaterThan(8);
  expect(await strategy('check', file)).toMatchObject({
    code: 0,
    out: expect.stringContaining('"stop-loss" is right: 4 rules'),
  });

  writeFileSync(file, `${text}# mine\n`);
  const again = await strategy('new', 'stop-loss', '--cpa', '40');
  expect(again.code).toBe(1);
  expect(again.err).toContain('exists already and is left as it is');
  expect(readFileSync(file, 'utf8')).toMatch(/# mine\n$/);
});

test.each([
  [['new', 'stop-los', '--cpa', '30'], 'there is no template "stop-los"'],
  [['new', 'stop-loss', '--cpa', 'thirty'], '--cpa: "thirty" is not an amount of money'],
  [['new', 'stop-loss', '--cpa', '30', '--level', 'account'], '--level: "account" is not one of'],
  [['new', 'stop-loss', '--cpa', '30', '--event', 'a "b"'], '--event:'],
  [['new', 'stop-loss', '--cpa', '30', '--workspace', '../x'], '--workspace: "../x" is not'],
  [['new', 'stop-loss'], "required option '--cpa <amount>'"],
])('%j is wrong usage', async (args, message) => {
  const { code, err } = await strategy(...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test('check points at the mistake and exits 1', async () => {
  const file = path.join(folder, 'wrong.yaml');
  writeFileSync(
    file,
    `version: 1\nstrategy: wrong\nscope: { level: adset }\nrules:\n  - name: one\n    when: !paused && bid > 1\n    then: { pause: true }\n`,
  );
  const { code, out } = await strategy('check', file);
  expect(code).toBe(1);
  expect(out).toContain(`${file}:6:11: !paused is read as a YAML tag, not as text`);
  expect(out).toContain('     |           ^^^^^^^');
  const json = JSON.parse((await strategy('check', '--json', file)).out) as unknown;
  expect(json).toMatchObject([{ file, ok: false, problems: [{ line: 6, column: 11, length: 7 }] }]);
});

test('check of a file that is not there says so', async () => {
  const { code, err } = await strategy('check', 'nowhere.yaml');
  expect(code).toBe(1);
  expect(err).toContain('nowhere.yaml cannot be read');
});

test('schema prints the published schema', async () => {
  expect(JSON.parse((await strategy('schema')).out)).toEqual(strategyJsonSchema());
});

test('add, list, show and remove', async () => {
  const file = path.join(folder, 'mine.yaml');
  const text = `version: 1\nstrategy: mine\nscope: { level: adset }\nrules:\n  - { name: one, when: 'spend("today") > 30', then: { pause: true } }\n`;
  writeFileSync(file, text);
  expect((await strategy('list')).out).toContain('No strategy is in force');
  expect(await strategy('add', file)).toMatchObject({
    code: 0,
    out: expect.stringContaining('Strategy "mine" is in force: version 1, dry-run.'),
  });
  expect((await strategy('add', file)).out).toContain('was in force already');
  expect((await strategy('list')).out).toBe('mine  version 1  dry-run  adset  1 rule  added by hand\n');
  expect(JSON.parse((await strategy('show', 'mine', '--json')).out)).toMatchObject({
    name: 'mine',
    version: 1,
    origin: null,
    source: text,
  });

  writeFileSync(file, text.replace('spend', 'spnd'));
  const refused = await strategy('add', file);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('there is no metric or function spnd');
  expect((await strategy('show', 'mine')).out).toContain('spend("today")');

  expect((await strategy('remove', 'mine')).out).toContain('no longer decides');
  const gone = await strategy('show', 'mine');
  expect(gone.code).toBe(1);
  expect(gone.err).toContain('no strategy "mine" is in force');
});
