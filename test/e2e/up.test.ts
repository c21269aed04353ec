import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isAlive, signal, waitForEnd } from '../../src/runtime/processes.ts';
import { type Installation, installation } from '../support/installation.ts';

let place: Installation;
beforeAll(async () => {
  place = await installation();
});
afterAll(() => place.remove());

const NAMES = ['postgres', 'serve', 'sandbox', 'temporal', 'work'] as const;

function pids(): Record<(typeof NAMES)[number], number> {
  const { children } = place.run();
  const of = (name: string): number => children[name]?.pid ?? 0;
  return {
    postgres: of('postgres'),
    serve: of('serve'),
    sandbox: of('sandbox'),
    temporal: of('temporal'),
    work: of('work'),
  };
}

async function healthy(): Promise<void> {
  await vi.waitFor(
    async () => {
      const answer = await fetch(`${place.pageUrl}/health`);
      expect(answer.status).toBe(200);
    },
    { timeout: 20_000, interval: 100 },
  );
}

describe('npm start', () => {
  test('runs everything, repairs what is killed, and stops everything', async () => {
    const up = place.up();
    await up.says('The optimizer is ready.');
    await up.says('Simulated market. No real money.');
    await healthy();
    const first = pids();
    for (const name of NAMES) expect(isAlive(first[name]), name).toBe(true);

    const second = place.up();
    expect(await second.ended()).toBe(0);
    expect(second.output()).toContain('runs here already');
    expect(second.output()).toContain(place.pageUrl);

    signal(first.postgres, 'SIGKILL');
    await up.says('PostgreSQL is back');
    signal(first.serve, 'SIGKILL');
    await up.says('the HTTP server is back');
    signal(first.temporal, 'SIGKILL');
    await up.says('Temporal is back');
    await healthy();
    const repaired = pids();
    expect(repaired.work, up.output()).toBe(first.work);
    for (const name of ['postgres', 'serve', 'temporal'] as const)
      expect(repaired[name]).not.toBe(first[name]);

    up.process.kill('SIGINT');
    expect(await up.ended()).toBe(0);
    expect(up.output()).toContain('Stopped. `npm start` goes on from here.');
    for (const name of NAMES) expect(isAlive(repaired[name]), name).toBe(false);
  });

  test('Ctrl-C in a terminal, which every process of the group gets, ends with exit code 0', async () => {
    const up = place.npmStart();
    await up.says('The optimizer is ready.');
    const running = pids();
    process.kill(-(up.process.pid ?? 0), 'SIGINT');
    expect(await up.ended(), up.output()).toBe(0);
    expect(up.output()).toContain('Stopped. `npm start` goes on from here.');
    for (const name of NAMES) expect(isAlive(running[name]), name).toBe(false);
  });

  test('after kill -9 the next start takes over the servers, renews our own processes and keeps the addresses', async () => {
    const killed = place.up();
    await killed.says('The optimizer is ready.');
    const { ports } = place.run();
    const left = pids();
    killed.process.kill('SIGKILL');
    await killed.ended();
    // Visitors are served on: nobody stopped the HTTP server.
    await healthy();
    for (const name of NAMES) expect(isAlive(left[name]), name).toBe(true);

    const next = place.up();
    await next.says('The optimizer is ready.');
    await healthy();
    const now = pids();
    expect(now.postgres).toBe(left.postgres);
    expect(now.temporal).toBe(left.temporal);
    for (const name of ['serve', 'sandbox', 'work'] as const) {
      expect(now[name], name).not.toBe(left[name]);
      expect(isAlive(left[name]), name).toBe(false);
    }
    expect(place.run().ports).toEqual(ports);
    next.process.kill('SIGTERM');
    expect(await next.ended()).toBe(0);
  });

  test('--fresh ends what a killed run left and begins with nothing', async () => {
    const killed = place.up();
    await killed.says('live page');
    const key = readFileSync(path.join(place.dataDir, 'secret.key'), 'utf8');
    const left = pids();
    killed.process.kill('SIGKILL');
    await killed.ended();

    const fresh = place.up('--fresh');
    await fresh.says('live page');
    expect(readFileSync(path.join(place.dataDir, 'secret.key'), 'utf8')).not.toBe(key);
    expect(await waitForEnd(left.postgres, 0)).toBe(true);
    expect(pids().postgres).not.toBe(left.postgres);
    fresh.process.kill('SIGINT');
    expect(await fresh.ended()).toBe(0);
  });
});
