import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDestination } from '../../src/destination-access.ts';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { IngestFixture } from '../support/ingest-fixture.ts';

let database: TestDatabase;
let cli: Cli;
beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url, { BIDLOOP_OUTBOUND_ALLOW: '127.0.0.1/32' });
  await new IngestFixture(database.db).fresh({ name: 'shop' });
});
afterAll(async () => {
  cli.remove();
  await database.drop();
});

describe('destination add', () => {
  it('keeps what each receiver needs, and its secrets sealed, and never shows them', async () => {
    const meta = await cli.run(
      [
        'destination',
        'add',
        'meta',
        '--set',
        'pixelId=1234567890',
        '--event',
        'purchase=Purchase',
        '--secret',
        'access_token',
      ],
      { SECRET_ACCESS_TOKEN: 'EAABsecret-of-meta' },
    );
    expect(meta).toMatchObject({ code: 0, err: '' });
    expect(meta.out).toContain('purchase as Purchase');
    const tune = await cli.run(
      [
        'destination',
        'add',
        'tune',
        '--as',
        'net',
        '--set',
        'domain=p.example.net',
        '--set',
        'param=sub1',
        '--secret',
        'security_token',
      ],
      { SECRET_SECURITY_TOKEN: 'tune-secret' },
    );
    expect(tune.code).toBe(0);
    const google = await cli.run(
      [
        'destination',
        'add',
        'google',
        '--set',
        'accountId=123-456-7890',
        '--event',
        'purchase=987',
        '--secret',
        'refresh_token',
        '--secret',
        'client_id',
        '--secret',
        'client_secret',
      ],
      {
        SECRET_REFRESH_TOKEN: 'one-refresh',
        SECRET_CLIENT_ID: 'two-client',
        SECRET_CLIENT_SECRET: 'three-secret',
      },
    );
    expect(google.code).toBe(0);
    const rows = await database.db.selectFrom('destination').selectAll().orderBy('id').execute();
    expect(rows.map((row) => [row.id, row.kind, row.secret_names])).toEqual([
      ['google', 'google', ['refresh_token', 'client_id', 'client_secret']],
      ['meta', 'meta', ['access_token']],
      ['net', 'template', ['security_token']],
    ]);
    const [opened] = rows.map((row) => openDestination(cli.secretKey, row));
    expect(opened).toMatchObject({ accountId: '1234567890', secrets: { refresh_token: 'one-refresh' } });
    const everything = [
      meta,
      tune,
      google,
      await cli.run(['destination', 'list']),
      await cli.run(['destination', 'show', 'meta']),
    ]
      .map((run) => run.out + run.err)
      .join('\n');
    expect(everything + JSON.stringify(rows)).not.toMatch(/EAABsecret|tune-secret|one-refresh|three-secret/);
    for (const id of ['meta', 'google', 'net'])
      expect((await cli.run(['destination', 'remove', id])).code).toBe(0);
    expect((await cli.run(['destination', 'list'])).out).toContain('There is no destination');
  });

  it.each([
    [['add', 'tabola'], 'did you mean taboola?'],
    [['add', 'meta', '--secret', 'access_token'], 'pixelId is missing'],
    [['add', 'meta', '--set', 'pixelId=12'], 'needs --secret access_token'],
    [['add', 'meta', '--set', 'pixelid=12', '--secret', 'access_token'], 'did you mean pixelId?'],
    [
      ['add', 'meta', '--set', 'pixelId=12', '--stages', 'all', '--secret', 'access_token'],
      'stages is one of approved, every',
    ],
    [['add', 'tune', '--set', 'domain=x/y'], 'needs "domain"'],
    [['add', 'tune', '--set', 'domian=x'], 'did you mean domain?'],
    [['add', 'url'], 'an address is missing'],
    [['add', 'url', 'https://p.example.net/?c={clickid}'], 'Did you mean {click_id}?'],
    [['add', 'url', 'https://p.example.net/?c={click_id}#x'], 'never sent'],
    [['add', 'url', 'https://p.example.net/?t={secret.tok}'], '--secret tok'],
    [
      ['add', 'url', 'https://p.example.net/?c={click_id}', '--source', 'shop-sourc'],
      'did you mean shop-source?',
    ],
    [['add', 'url', 'https://p.example.net/', '--secret', 'tok=EAAB'], 'name of a secret'],
    [['add', 'url', 'http://10.0.0.5/?c={click_id}'], 'BIDLOOP_OUTBOUND_ALLOW'],
    [['add', 'url', 'http://localhost:8080/p/shop?c={click_id}'], 'circle'],
    [
      [
        'add',
        'meta',
        '--set',
        'pixelId=12',
        '--set',
        'baseUrl=http://gateway.example.com',
        '--secret',
        'access_token',
      ],
      'unencrypted',
    ],
    [
      ['add', 'meta', '--set', 'pixelId=12', '--set', 'baseUrl=https://10.0.0.5', '--secret', 'access_token'],
      'BIDLOOP_OUTBOUND_ALLOW',
    ],
    [
      [
        'add',
        'meta',
        '--set',
        'pixelId=12',
        '--set',
        'baseUrl=http://localhost:8080',
        '--secret',
        'access_token',
      ],
      'circle',
    ],
    [['show', 'nobody'], '`./bidloop destination list`'],
  ])('answers %j with what to change', async (args, words) => {
    const run = await cli.run(['destination', ...args], {
      SECRET_ACCESS_TOKEN: 'a-value',
      SECRET_TOK: 'a-value',
    });
    expect(run.code).toBeGreaterThan(0);
    expect(run.err).toContain(words);
    expect(run.err).not.toMatch(/EAAB|\n\s+at /);
    expect(
      await database.db.selectFrom('destination').select('id').where('removed_at', 'is', null).execute(),
    ).toEqual([]);
  });
});
