import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(async () => {
  await database?.drop();
});

/** Runs one command line in this process and catches what it prints. */
async function bidloop(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const caught = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((caught.out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((caught.err += String(text))));
  const code = await runProgram(args, { DATABASE_URL: database.url });
  vi.restoreAllMocks();
  return { code, ...caught };
}

const place = ['--currency', 'EUR', '--time-zone', 'Europe/Berlin'];

describe('./bidloop workspace', () => {
  it('makes a workspace with an id from its name, whose clock is the wall’s', async () => {
    const { code, out } = await bidloop('workspace', 'add', 'Müller & Söhne', ...place);
    expect(code).toBe(0);
    expect(out).toContain('Workspace "muller-sohne" made.');
    const row = await database.db
      .selectFrom('workspace')
      .select(['name', 'currency', 'time_zone', 'simulated', 'clock_rate'])
      .where('id', '=', 'muller-sohne')
      .executeTakeFirst();
    expect(row).toEqual({
      name: 'Müller & Söhne',
      currency: 'EUR',
      time_zone: 'Europe/Berlin',
      simulated: false,
      clock_rate: 1,
    });
  });

  it('leaves a workspace of that id alone', async () => {
    await bidloop('workspace', 'add', 'Shop', ...place);
    const again = await bidloop(
      'workspace',
      'add',
      'Shop',
      '--currency',
      'USD',
      '--time-zone',
      'UTC',
      '--json',
    );
    expect(again.code).toBe(1);
    expect(JSON.parse(again.out).error.code).toBe('workspace_exists');
    const shown = JSON.parse((await bidloop('workspace', 'show', 'shop', '--json')).out);
    expect(shown.currency).toBe('EUR');
  });

  it.each([
    [
      'a currency that is none',
      ['--currency', 'EURO', '--time-zone', 'UTC'],
      '"EURO" is not an ISO 4217 currency',
    ],
    ['a code for gold', ['--currency', 'XAU', '--time-zone', 'UTC'], '"XAU" is not an ISO 4217 currency'],
    ['a mistyped zone', ['--currency', 'EUR', '--time-zone', 'Europe/Berln'], 'did you mean Europe/Berlin?'],
    [
      'an offset, which has no summer time',
      ['--currency', 'EUR', '--time-zone', '+02:00'],
      'write a name such as Europe/Berlin',
    ],
    ['a name without letters', ['--currency', 'EUR', '--time-zone', 'UTC'], 'give one with --id'],
  ])('refuses %s as wrong usage and makes nothing', async (title, options, words) => {
    const name = title === 'a name without letters' ? '!!!' : 'Refused';
    const { code, err } = await bidloop('workspace', 'add', name, ...options);
    expect(code).toBe(2);
    expect(err).toContain(words);
    const { out } = await bidloop('workspace', 'list', '--json');
    expect(JSON.parse(out).map((row: { id: string }) => row.id)).not.toContain('refused');
  });

  it('asks what was meant when a workspace is not there', async () => {
    await bidloop('workspace', 'add', 'North', ...place);
    const { code, err } = await bidloop('workspace', 'show', 'norht');
    expect(code).toBe(1);
    expect(err).toContain('Did you mean "north"?');
  });

  it('shows what belongs to it', async () => {
    await bidloop('workspace', 'add', 'South', ...place);
    const { out } = await bidloop('workspace', 'show', 'south');
    expect(out).toContain('South (south)');
    expect(out).toContain('time zone  Europe/Berlin');
    expect(out).toContain('accounts   none');
  });

  it('removes an empty workspace, and keeps one with anything on record', async () => {
    await bidloop('workspace', 'add', 'Empty', ...place);
    expect((await bidloop('workspace', 'remove', 'empty')).out).toContain('Workspace "empty" removed.');
    expect((await bidloop('workspace', 'remove', 'empty', '--json')).out).toContain('unknown_workspace');

    await bidloop('workspace', 'add', 'Used', ...place);
    await database.db
      .insertInto('link')
      .values({
        id: 'used-link',
        workspace_id: 'used',
        network: 'meta',
        name: 'gone by now',
        target_url: 'https://shop.example/',
        created_at: new Date(0),
        removed_at: new Date(1),
      })
      .execute();
    const kept = await bidloop('workspace', 'remove', 'used', '--json');
    expect(kept.code).toBe(1);
    expect(JSON.parse(kept.out).error.code).toBe('workspace_in_use');
    expect((await bidloop('workspace', 'show', 'used')).code).toBe(0);
  });
});
