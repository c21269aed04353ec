import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readSecrets } from '../../../src/cli/read-secrets.ts';

const asked = (names: readonly string[], text: string, env: NodeJS.ProcessEnv = {}) => {
  const input = new PassThrough();
  input.end(text);
  return readSecrets(names, { env, input, ask: () => undefined });
};

it('reads one line each, in the order named; the environment comes first', async () => {
  expect(await asked(['access_token', 'developer_token'], 'one\ntwo\n')).toEqual({
    access_token: 'one',
    developer_token: 'two',
  });
  expect(await asked(['a', 'b', 'c'], ' x \r\nz', { SECRET_B: 'from env' })).toEqual({
    a: 'x',
    b: 'from env',
    c: 'z',
  });
  expect(await asked([], '')).toEqual({});
});

it('names the secret that does not come, and never repeats a value given as a name', async () => {
  await expect(asked(['access_token', 'developer_token'], 'one\n')).rejects.toMatchObject({
    code: 'no_secret',
    message: expect.stringContaining('developer_token'),
  });
  await expect(asked(['access_token'], '\n')).rejects.toMatchObject({ code: 'no_secret' });
  const typed = 'access_token=EAAB';
  const failure = await asked([typed], 'x\n').catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'usage' });
  expect(String(failure)).not.toContain('EAAB');
});
