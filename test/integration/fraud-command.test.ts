import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { addClick, addPostback, T0 } from '../support/ingest-facts.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

const HOUR = 3_600_000;
let database: TestDatabase;
let cli: Cli;
let facts: IngestFixture;
let fast: string;
let source: string;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  facts = new IngestFixture(database.db);
  const shop = await facts.fresh();
  source = shop.sourceId;
  await database.db
    .updateTable('workspace')
    .set({ clock_stopped_at: new Date(T0 + 12 * HOUR) })
    .execute();
  const install = async (afterMs: number, key: string): Promise<string> => {
    const clickId = await addClick(database.db, shop, { atMs: T0, ad: 'a1' });
    const atMs = T0 + afterMs;
    return await addPostback(database.db, shop, {
      atMs: atMs + 1_000,
      eventAtMs: atMs,
      clickId,
      event: 'install',
      eventType: 'install',
      key,
    });
  };
  fast = await install(4_000, 'fast');
  await install(300_000, 'usual');
  await facts.drain();
});
afterAll(async () => {
  cli.remove();
  await database.drop();
});

async function bidloop(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  const { code, out, err } = await cli.run(args);
  return { code, text: out + err };
}

it('a policy is set by name, beside what the source had, and shown', async () => {
  await sql`update source set settings = '{"currency":"EUR"}'`.execute(database.db);
  const set = await bidloop(
    'fraud',
    'policy',
    source,
    '--set',
    'install_too_fast=quarantine',
    '--limit',
    'fastestS.install=10',
    '--by',
    'placement',
  );
  expect(set.text).toBe(
    [
      `${source}: install_too_fast quarantine; other signs are only marked.`,
      '  limits: fastestS.install 10',
      '  compared by placement',
      'Holds from the next judging on; `./bidloop fraud judge` judges now.',
      '',
    ].join('\n'),
  );
  const row = await database.db.selectFrom('source').select('settings').executeTakeFirstOrThrow();
  expect(row.settings).toEqual({
    currency: 'EUR',
    fraud: {
      policy: { install_too_fast: 'quarantine' },
      limits: { fastestS: { install: 10 } },
      by: 'placement',
    },
  });
});

it.each([
  [['--set', 'install_to_fast=exclude'], 'did you mean "install_too_fast"?'],
  [['--set', 'install_too_fast=block'], 'there are: count, quarantine, exclude'],
  [['--set', 'rejected_by_sender=count'], 'never counted'],
  [['--limit', 'installsOfDevice=many'], 'is no number'],
  [['--limit', 'installsOfDevice=1'], 'limits.installsOfDevice'],
  [['--by', 'moon'], 'by: '],
])('%j is refused with what is right', async (args, answer) => {
  const said = await bidloop('fraud', 'policy', source, ...args);
  expect(said.code).toBe(2);
  expect(said.text).toContain(answer);
});

it('judging keeps out what the policy says, and the list says why', async () => {
  expect((await bidloop('fraud', 'judge')).text).toBe(
    '1 conversion has a sign of fraud; 1 more is kept out of the counts.\n',
  );
  const { text } = await bidloop('fraud', 'list', '--kept-out', '--source', source);
  const [count, , head, ...lines] = text.split('\n');
  expect(count).toBe('install_too_fast: 1 conversion, 1 kept out');
  expect(head).toBe(`${fast}  install of ${source}, ${new Date(T0 + 5_000).toISOString()}: kept apart`);
  expect(lines.join('\n')).toContain('drove install');
  expect(lines.join('\n')).toContain(
    '  install_too_fast: install 4 s after the click, sooner than the 10 s it takes at least',
  );
  const json = JSON.parse(
    (await bidloop('--json', 'fraud', 'list', '--signal', 'install_too_fast')).text,
  ) as {
    conversions: { id: string; excluded: string }[];
  };
  expect(json.conversions).toMatchObject([{ id: fast, excluded: 'quarantine' }]);
});

it('a release names one conversion or a source, and brings it back', async () => {
  expect(await bidloop('fraud', 'release')).toMatchObject({ code: 2 });
  expect((await bidloop('fraud', 'release', '--source', 'shap-1-source')).text).toContain(
    'there is no source',
  );
  expect((await bidloop('fraud', 'release', '--conversion', 'abc')).text).toContain('no id of a conversion');
  const released = await bidloop('fraud', 'release', '--conversion', fast);
  expect(released).toMatchObject({ code: 0 });
  expect(released.text).toContain('1 of 1 conversion is back in the counts, from now on.');
  expect((await facts.conversions()).map((row) => [row.excluded, row.counted])).toEqual([
    [null, true],
    [null, true],
  ]);
  expect((await bidloop('fraud', 'release', '--source', source)).text).toContain('is kept out of the counts');
  expect((await bidloop('fraud', 'list')).text).toContain(': released');
});

it('a reset goes back to marking only', async () => {
  expect((await bidloop('fraud', 'policy', source, '--reset')).text).toContain('signs are only marked');
  expect((await bidloop('fraud', 'policy')).text).toContain('By default every sign is only marked');
  expect((await bidloop('fraud', 'list', '--signal', 'bursts')).text).toContain('did you mean "burst"?');
});
