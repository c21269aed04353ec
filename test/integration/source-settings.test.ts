import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cli, testCli } from '../support/cli.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { seedTracking, startTestServer, type TestServer, until } from '../support/tracking.ts';

const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-settings-'));
let database: TestDatabase;
let cli: Cli;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase();
  cli = testCli(database.url);
  await seedTracking(database.db);
  server = await startTestServer(database.url, { secretKey: cli.secretKey });
});

afterAll(async () => {
  await server.close();
  await database.drop();
  cli.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

async function settingsOf(id: string): Promise<unknown> {
  const { settings } = await database.db
    .selectFrom('source')
    .select('settings')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return settings;
}

async function answerOf(query: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.base}${query}`);
  return { status: response.status, text: await response.text() };
}

describe('source set', () => {
  it('changes how the next postback is read, says what changed, and takes it back', async () => {
    const changed = await cli.run([
      'source',
      'set',
      'open',
      '--map',
      'Sub9=click_id',
      '--map',
      'total=amount',
      '--status',
      'Lead=hold',
      '--zone',
      'Europe/Berlin',
      '--date-order',
      'dmy',
      '--comma-thousands',
      '--event',
      'sale',

      '--window',
      'sale=7d',
      '--view-window',
      'sale=12h',
      '--answer-accepted',
      'OK',
      '--answer-duplicate',
      'DUP',
    ]);
    expect(changed).toMatchObject({ code: 0, err: '' });
    expect(changed.out).toContain('names.sub9: as its profile says → clickId');
    expect(changed.out).toContain('windowHours.sale: as its profile says → 168');
    expect(await settingsOf('open')).toEqual({
      names: { sub9: 'clickId', total: 'amount' },
      statuses: { lead: 'hold' },
      zone: 'Europe/Berlin',
      dateOrder: 'dmy',
      commaThousands: true,
      defaultEvent: 'sale',
      windowHours: { sale: 168 },
      viewWindowHours: { sale: 12 },
      answerTexts: { accepted: 'OK', duplicate: 'DUP' },
    });
    const sent = '/p/open?sub9=S1&total=1,234&status=LEAD&time=05.11.2026+12:00:00';
    // The server hears of it a moment later.
    await until(async () => ((await answerOf(sent)).text === 'OK' ? true : undefined), 'the new settings');
    expect((await answerOf(sent)).text).toBe('DUP');
    const row = await database.db
      .selectFrom('postback')
      .selectAll()
      .where('click_id', '=', 'S1')
      .where('outcome', '=', 'accepted')
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      event: 'sale',
      status: 'hold',
      amount_micros: 1_234_000_000,
      event_at: new Date('2026-11-05T11:00:00Z'),
    });
    const back = await cli.run([
      '--json',
      'source',
      'set',
      'open',
      '--map',
      'sub9=',
      '--no-comma-thousands',
      '--unset',
      'zone',
      'dateOrder',
      'answerTexts',
    ]);
    expect(JSON.parse(back.out)).toMatchObject({
      changed: [
        { setting: 'answerTexts.accepted', from: 'OK', to: 'as its profile says' },
        { setting: 'answerTexts.duplicate', from: 'DUP' },
        { setting: 'commaThousands', from: 'true', to: 'false' },
        { setting: 'dateOrder', from: 'dmy' },
        { setting: 'names.sub9', from: 'clickId', to: 'as its profile says' },
        { setting: 'zone', from: 'Europe/Berlin' },
      ],
    });
    expect((await cli.run(['source', 'set', 'open', '--event', 'sale'])).out).toContain('Nothing changes');
  });

  it('takes a file of settings, and keeps what other parts set', async () => {
    await database.db
      .updateTable('source')
      .set({ settings: JSON.stringify({ fraud: { install_too_fast: 'exclude' } }) })
      .where('id', '=', 'each')
      .execute();
    const file = path.join(dataDir, 'settings.json');
    writeFileSync(file, '{"currency":"EUR","addresses":["198.51.100.0/24"],"names":{"ref":"txid"}}');
    const set = await cli.run([
      'source',
      'set',
      'each',
      '--settings',
      file,
      '--allow-address',
      '203.0.113.7',
    ]);
    expect(set).toMatchObject({ code: 0, err: '' });
    expect(await settingsOf('each')).toEqual({
      fraud: { install_too_fast: 'exclude' },
      currency: 'EUR',
      addresses: ['198.51.100.0/24', '203.0.113.7'],
      names: { ref: 'txid' },
    });
  });

  it('refuses what does not fit, and says what does', async () => {
    const file = path.join(dataDir, 'wrong.json');
    writeFileSync(file, '{"zonne":"UTC","answers":"maybe","windowHours":{"install":-1},"currency":"points"}');
    const runs = [
      await cli.run(['source', 'set', 'open', '--map', 'sub9=clickidd', '--zone', 'Berlin']),
      await cli.run(['source', 'set', 'open', '--settings', file]),
      await cli.run(['source', 'set', 'open', '--allow-address', '203.0.113.0/40']),
      await cli.run(['source', 'set', 'opn', '--event', 'x']),
      await cli.run(['source', 'set', 'open', '--unset', 'zon']),
      await cli.run(['source', 'set', 'open', '--window', 'install=soon']),
      await cli.run(['source', 'set', 'open', '--signature-param', 'sig']),
      await cli.run([
        'source',
        'set',
        'open',
        '--signature-param',
        'sig',
        '--signature-algorithm',
        'md5',
        '--signature-formula',
        '{click_id}',
      ]),
      await cli.run(['source', 'set', 'open', '--settings', path.join(dataDir, 'nowhere.json')]),
    ];
    expect(runs.map((run) => run.code)).toEqual([2, 2, 2, 1, 2, 2, 2, 2, 2]);
    expect(runs[0]?.err).toContain('names.sub9: "clickidd" does not fit (did you mean clickId?)');
    expect(runs[0]?.err).toContain('zone: "Berlin" does not fit; write an IANA zone such as Europe/Berlin');
    expect(runs[1]?.err).toContain('there is no setting "zonne"; did you mean zone?');
    for (const part of ['answers: "maybe"', 'windowHours.install: -1', 'currency: "points"'])
      expect(runs[1]?.err).toContain(part);
    expect(runs[2]?.err).toContain('addresses.0: "203.0.113.0/40" does not fit');
    expect(runs[3]?.err).toContain('did you mean "open"?');
    expect(runs[4]?.err).toContain('did you mean zone?');
    expect(runs[5]?.err).toContain('36h or 7d');
    expect(runs[6]?.err).toContain('signature');
    expect(runs[7]?.err).toContain('{secret}');
    expect(runs[8]?.err).toContain('nowhere.json');
    expect(await settingsOf('open')).not.toHaveProperty('signature');
  });
});

it('a signature is set up with its secret sealed, is checked at the door, and is forgotten with it', async () => {
  const rule = ['--signature-param', 'Hash', '--signature-algorithm', 'sha256'];
  const formula = ['--signature-formula', '{txid}.{secret}'];
  const added = await cli.run(
    [
      '--json',
      'source',
      'add',
      'generic',
      '--as',
      'sealed',
      '--no-key',
      ...rule,
      ...formula,
      '--signature-secret-env',
      'WALL_SECRET',
    ],
    { WALL_SECRET: 's3cret-of-the-wall' },
  );
  expect(added).toMatchObject({ code: 0, err: '' });
  expect(added.out).not.toContain('s3cret-of-the-wall');
  const row = await database.db
    .selectFrom('source')
    .selectAll()
    .where('id', '=', 'sealed')
    .executeTakeFirstOrThrow();
  expect(row.settings['signature']).toMatchObject({ param: 'hash', algorithm: 'sha256' });
  expect(row.signature_sealed?.toString('latin1')).not.toContain('s3cret');
  const sign = (txid: string, secret: string) =>
    createHash('sha256').update(`${txid}.${secret}`).digest('hex').toUpperCase();
  const path1 = (secret: string) => `/p/sealed?click_id=C1&txid=7&hash=${sign('7', secret)}`;
  expect((await answerOf(path1('s3cret-of-the-wall'))).status).toBe(200);
  expect((await answerOf(path1('another'))).status).toBe(401);
  expect((await cli.run(['source', 'show', 'sealed'])).out).toContain('secret of its signatures: on record');

  const renewed = await cli.run(['source', 'set', 'sealed', '--signature-secret-env', 'NEW'], {
    NEW: 'another',
  });
  expect(renewed.out).toContain('secret of its signatures: new');
  await until(
    async () => ((await answerOf(path1('another'))).status !== 401 ? true : undefined),
    'the new secret',
  );
  const forgotten = await cli.run(['source', 'set', 'sealed', '--unset', 'signature']);
  expect(forgotten.out).toContain('secret of its signatures: forgotten');
  await until(
    async () => ((await answerOf('/p/sealed?click_id=C2')).status === 200 ? true : undefined),
    'no signature',
  );
  expect((await cli.run(['source', 'set', 'sealed', '--signature-secret-env', 'NONE'])).err).toContain(
    'NONE is empty',
  );
});
