import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openAccountAccess } from '../../src/account-access.ts';
import { runProgram } from '../../src/cli/program.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { control, testSandbox, type TestSandbox } from '../support/sandbox.ts';

const SECRET_KEY = Buffer.alloc(32, 9);
let database: TestDatabase;
let sandbox: TestSandbox;
let readOnly: TestSandbox;

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await testSandbox();
  readOnly = await testSandbox({ scopes: ['ads_read'] });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(async () => {
  await sandbox?.close();
  await readOnly?.close();
  await database?.drop();
});

async function bidloop(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const caught = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((caught.out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((caught.err += String(text))));
  const env = { DATABASE_URL: database.url, BIDLOOP_SECRET_KEY: SECRET_KEY.toString('base64') };
  const code = await runProgram(['account', ...args], env);
  vi.restoreAllMocks();
  return { code, ...caught };
}

const ID = 'meta-1202100000000001';
const at = (network: TestSandbox): string[] => [
  '--id',
  'act_1202100000000001',
  '--base-url',
  network.access.baseUrl ?? '',
];
const stored = () => database.db.selectFrom('ad_account').selectAll().where('id', '=', ID).executeTakeFirst();

describe('./bidloop account', () => {
  it('asks for a workspace first, and for what is missing', async () => {
    expect(await bidloop('list')).toMatchObject({ code: 0, out: expect.stringContaining('ads_management') });
    expect(await bidloop('add', 'meta', ...at(sandbox), '--token', 'right-token')).toMatchObject({
      code: 1,
      err: expect.stringContaining('workspace add'),
    });
    await database.db
      .insertInto('workspace')
      .values({
        id: 'shop',
        name: 'Shop',
        currency: 'EUR',
        time_zone: 'Europe/Berlin',
        clock_origin: new Date(0),
        clock_wall_origin: new Date(0),
        created_at: new Date(0),
      })
      .execute();
    expect(await bidloop('add', 'meta', ...at(sandbox))).toMatchObject({
      code: 2,
      err: expect.stringContaining('a token is missing'),
    });
    expect(await bidloop('add', 'meta', '--token', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--id is missing'),
    });
    expect(await bidloop('add', 'meta', '--id', 'act_12x', '--token', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('act_ and digits'),
    });
    expect(await bidloop('add', 'tiktok', '--id', '1', '--token', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there are: meta'),
    });
    expect(await stored()).toBeUndefined();
  });

  it('refuses a token that Meta refuses, without showing it', async () => {
    const { code, err } = await bidloop('add', 'meta', ...at(sandbox), '--token', 'wrong-token-1234');
    expect(code).toBe(1);
    expect(err).toContain('190');
    expect(err).toContain('system user');
    expect(err).not.toContain('wrong-token-1234');
    expect(await stored()).toBeUndefined();
  });

  it('connects read-only, with currency and zone from the network, and names its own rules that are on', async () => {
    const { code, out } = await bidloop('add', 'meta', ...at(sandbox), '--token', 'right-token');
    expect(code).toBe(0);
    expect(out).toContain('Pause ads over $40 CPA');
    expect(out).not.toContain('Weekend budget raise');
    expect(out).toContain('read-only');
    expect(await stored()).toMatchObject({
      workspace_id: 'shop',
      currency: 'USD',
      time_zone: 'America/New_York',
      writes_allowed: false,
    });
    expect((await openAccountAccess(database.db, SECRET_KEY, ID)).token).toBe('right-token');
  });

  it('allows writes only to a token that can write', async () => {
    await bidloop('add', 'meta', ...at(readOnly), '--token', 'right-token');
    expect(await bidloop('allow-writes', ID)).toMatchObject({
      code: 1,
      err: expect.stringContaining('ads_management'),
    });
    expect((await stored())?.writes_allowed).toBe(false);
    await bidloop('add', 'meta', ...at(sandbox), '--token', 'right-token');
    expect((await bidloop('allow-writes', ID)).code).toBe(0);
    expect((await stored())?.writes_allowed).toBe(true);
    await bidloop('allow-writes', ID, '--revoke');
    expect((await stored())?.writes_allowed).toBe(false);
  });

  it('halts with a reason, resumes, and forgets the token when removed', async () => {
    await bidloop('halt', ID, '--reason', 'tracking is being moved');
    expect(await stored()).toMatchObject({ halt_reason: 'tracking is being moved' });
    expect((await bidloop('list')).out).toContain('halted: tracking is being moved');
    await bidloop('resume', ID);
    expect((await stored())?.halted_at).toBeNull();
    await bidloop('remove', ID);
    expect(await stored()).toMatchObject({ credentials_sealed: null, writes_allowed: false });
    expect((await bidloop('show', ID, '--check')).err).toContain('has no token');
    expect(await bidloop('show', 'nobody')).toMatchObject({ code: 1, err: expect.stringContaining(ID) });
  });

  it('comes back read-only and not halted when it is added again', async () => {
    await bidloop('add', 'meta', ...at(sandbox), '--token', 'right-token');
    expect(await stored()).toMatchObject({ halted_at: null, writes_allowed: false });
  });

  it('says what to do when the network does not answer', async () => {
    await control(sandbox, 'faults', { kind: 'html_502', on: 'read' });
    const { code, err } = await bidloop('add', 'meta', ...at(sandbox), '--token', 'right-token');
    expect(code).toBe(1);
    expect(err).toContain('Try again in a moment');
  });
});
