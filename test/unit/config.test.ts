import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, PROJECT_ROOT, SETTING_NAMES } from '../../src/config.ts';

function problemsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map((one) => [one.name, one.message]));
    throw error;
  }
  return {};
}

describe('configuration', () => {
  test('needs nothing at all', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      databaseUrl: null,
      temporalAddress: null,
      httpPort: 8080,
      httpHost: '127.0.0.1',
      marketRate: 60,
    });
    expect(config.dataDir).toBe(path.join(PROJECT_ROOT, '.bidloop'));
  });

  test('tells every problem at once, each with its name, what is right, and an example', () => {
    const problems = problemsOf({
      DATABASE_URL: 'mysql://root@localhost/x',
      TEMPORAL_ADDRESS: 'http://temporal:7233',
      BIDLOOP_HTTP_PORT: '99999',
      BIDLOOP_SECRET_KEY: 'short',
      BIDLOOP_MARKET_RATE: 'fast',
      BIDLOOP_LOG_LEVEL: 'loud',
      PUBLIC_URL: 'bids.example.com',
    });
    expect(Object.keys(problems).sort()).toEqual([
      'BIDLOOP_HTTP_PORT',
      'BIDLOOP_LOG_LEVEL',
      'BIDLOOP_MARKET_RATE',
      'BIDLOOP_SECRET_KEY',
      'DATABASE_URL',
      'PUBLIC_URL',
      'TEMPORAL_ADDRESS',
    ]);
    expect(problems['BIDLOOP_HTTP_PORT']).toBe(
      'must be a port from 1 to 65535, for example 8080 (it is "99999")',
    );
    for (const message of Object.values(problems)) expect(message).toMatch(/^must be .+, for example ./);
  });

  test('does not repeat a secret in its message', () => {
    const problems = problemsOf({
      BIDLOOP_SECRET_KEY: 'hunter2',
      DATABASE_URL: 'http://me:hunter2@db',
      BIDLOOP_API_TOKEN: 'hunter2',
    });
    expect(Object.keys(problems)).toHaveLength(3);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('takes an empty variable as not set', () => {
    expect(loadConfig({ DATABASE_URL: '', BIDLOOP_HTTP_PORT: ' ' })).toEqual(loadConfig({}));
  });

  test('asks about a setting it does not know', () => {
    expect(problemsOf({ BIDLOOP_HTP_PORT: '80' })).toEqual({
      BIDLOOP_HTP_PORT: 'is not a setting; did you mean BIDLOOP_HTTP_PORT?',
    });
    expect(problemsOf({ BIDLOOP_QUITE_ANOTHER: '80' })).toEqual({
      BIDLOOP_QUITE_ANOTHER: 'is not a setting; see .env.example',
    });
  });

  test('reads a key in hex and in base64', () => {
    const bytes = Buffer.alloc(32, 7);
    expect(loadConfig({ BIDLOOP_SECRET_KEY: bytes.toString('hex') }).secretKey).toEqual(bytes);
    expect(loadConfig({ BIDLOOP_SECRET_KEY: bytes.toString('base64') }).secretKey).toEqual(bytes);
  });

  test('.env.example names every setting with its default', () => {
    const text = readFileSync(path.join(PROJECT_ROOT, '.env.example'), 'utf8');
    const listed = [...text.matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map((match) => [match[1], match[2]] as const);
    expect(new Set(listed.map(([name]) => name))).toEqual(new Set(SETTING_NAMES));
    expect(loadConfig(Object.fromEntries(listed))).toEqual(loadConfig({}));
  });
});
