import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  listStrategies,
  loadCurrentStrategies,
  loadStrategyText,
  loadStrategyVersion,
  removeStrategy,
  storeStrategy,
  StrategyNameTakenError,
} from '../../../src/db/strategy.ts';
import { readStrategy } from '../../../src/strategies/read.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { seedAccount } from '../../support/seed-account.ts';

let database: TestDatabase;
let workspaceId: string;
beforeAll(async () => {
  database = await testDatabase();
  workspaceId = (await seedAccount(database.db)).workspaceId;
});
afterAll(() => database.drop());

function text(name: string, limit: number): string {
  return `version: 1\nstrategy: ${name}\nscope: { level: adset }\nrules:\n  - { name: one, when: 'spend("today") > ${limit}', then: { pause: true } }\n`;
}

async function store(name: string, limit: number, origin: string | null = `${name}.yaml`, nowMs = 1_000) {
  const source = text(name, limit);
  const read = readStrategy(source, { fileName: name });
  if (!read.ok) throw new Error('test text is wrong');
  return await storeStrategy(database.db, {
    workspaceId,
    text: source,
    document: read.document,
    origin,
    nowMs,
  });
}

describe('versions', () => {
  test('a new text is a new version, the same text the same one, and an old text gets its number back', async () => {
    expect(await store('a', 10)).toEqual({ strategyId: `${workspaceId}/a`, version: 1, changed: true });
    expect(await store('a', 10)).toMatchObject({ version: 1, changed: false });
    expect(await store('a', 20)).toMatchObject({ version: 2, changed: true });
    expect(await store('a', 10)).toMatchObject({ version: 1, changed: true });
    expect(await store('a', 30)).toMatchObject({ version: 3, changed: true });
    const kept = await Promise.all(
      [1, 2, 3].map((version) => loadStrategyVersion(database.db, `${workspaceId}/a`, version)),
    );
    expect(kept.map((one) => one?.source)).toEqual([10, 20, 30].map((limit) => text('a', limit)));
    expect(await loadStrategyVersion(database.db, `${workspaceId}/a`, 4)).toBeUndefined();
  });

  test('Windows line ends are no other text', async () => {
    const source = text('crlf', 1);
    const read = readStrategy(source, { fileName: 'crlf' });
    if (!read.ok) throw new Error('test text is wrong');
    const put = (put: string) =>
      storeStrategy(database.db, { workspaceId, text: put, document: read.document, origin: null, nowMs: 1 });
    await put(source);
    expect(await put(source.replaceAll('\n', '\r\n'))).toMatchObject({ version: 1, changed: false });
  });

  test('many at once take one number each', async () => {
    const stored = await Promise.all(Array.from({ length: 8 }, (_, index) => store('race', index)));
    expect(stored.map((one) => one.version).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('in force', () => {
  test('strategies come compiled, in order of name, and only while they are in force', async () => {
    await store('z-last', 10);
    await store('b-first', 10);
    const names = async () =>
      (await loadCurrentStrategies(database.db, workspaceId)).map((one) => one.compiled.name);
    expect((await names()).filter((name) => name === 'z-last' || name === 'b-first')).toEqual([
      'b-first',
      'z-last',
    ]);
    expect(await removeStrategy(database.db, { workspaceId, name: 'z-last', nowMs: 5 })).toEqual({
      id: `${workspaceId}/z-last`,
      name: 'z-last',
    });
    expect(await names()).not.toContain('z-last');
    expect(await loadStrategyText(database.db, workspaceId, 'z-last')).toBeUndefined();
    expect(await removeStrategy(database.db, { workspaceId, name: 'z-last', nowMs: 5 })).toBeUndefined();
    // Back with the same text: the version is known, and it is a change.
    expect(await store('z-last', 10)).toMatchObject({ version: 1, changed: true });
    expect(await names()).toContain('z-last');
  });

  test('another workspace sees none of them', async () => {
    const other = await seedAccount(database.db);
    expect(await loadCurrentStrategies(database.db, other.workspaceId)).toEqual([]);
    expect(await listStrategies(database.db, other.workspaceId)).toEqual([]);
  });

  test('a list says what is in force', async () => {
    await store('listed', 10);
    expect((await listStrategies(database.db, workspaceId)).find((row) => row.name === 'listed')).toEqual({
      id: `${workspaceId}/listed`,
      name: 'listed',
      version: 1,
      origin: 'listed.yaml',
      mode: 'dry-run',
      level: 'adset',
      rules: 1,
      autopilot: false,
    });
  });
});

describe('names and files', () => {
  test('a name belongs to its file', async () => {
    await store('owned', 10, 'owned.yaml');
    await expect(store('owned', 20, 'other.yaml')).rejects.toThrow(StrategyNameTakenError);
    await expect(store('owned', 20, null)).rejects.toMatchObject({
      code: 'strategy_name_taken',
      ownedBy: 'owned.yaml',
    });
    expect((await loadStrategyText(database.db, workspaceId, 'owned'))?.source).toBe(text('owned', 10));
  });

  test('a file takes over what was added by hand', async () => {
    await store('by-hand', 10, null);
    expect(await store('by-hand', 20, 'by-hand.yaml')).toMatchObject({ version: 2 });
  });

  test("a file that changes its strategy's name stops the old one", async () => {
    await store('old-name', 10, 'one.yaml');
    await store('new-name', 10, 'one.yaml');
    const names = (await listStrategies(database.db, workspaceId)).map((row) => row.name);
    expect(names).toContain('new-name');
    expect(names).not.toContain('old-name');
  });
});
