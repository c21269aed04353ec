import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OperatorError } from '../../../src/errors.ts';
import { endProcess, isAlive, signal } from '../../../src/runtime/processes.ts';
import type { PartStatus } from '../../../src/runtime/status-file.ts';
import { createSupervisor, type Part, type Supervisor } from '../../../src/runtime/supervisor.ts';

let folder: string;
let log: string;
let said: string[];
let supervisor: Supervisor;
const started: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-supervisor-'));
  log = path.join(folder, 'ended');
  writeFileSync(log, '');
  said = [];
  supervisor = createSupervisor({ say: (sentence) => said.push(sentence), firstWaitMs: 20 });
});
afterEach(async () => {
  await supervisor.stop(['work', 'sandbox', 'serve', 'temporal', 'postgres']);
  for (const pid of started.splice(0)) signal(pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A part whose process notes its name when it is asked to end; `deaf` ones do not listen. */
function dummy(name: PartStatus['name'], how: { deaf?: boolean } = {}): Part {
  const script =
    how.deaf === true
      ? `trap '' TERM; while :; do sleep 0.02; done`
      : `trap 'echo ${name} >> ${log}; exit 0' TERM; while :; do sleep 0.02; done`;
  return {
    name,
    title: `the ${name}`,
    start: async () => {
      const child = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true });
      const pid = child.pid;
      if (pid === undefined) throw new Error('no sh');
      started.push(pid);
      // The shell needs a moment to set its trap.
      await new Promise((resolve) => setTimeout(resolve, 60));
      return { pid, stop: () => endProcess(pid, { graceMs: 300 }) };
    },
  };
}

describe('the supervisor', () => {
  test('stops parts in the order asked for, one after the other', async () => {
    for (const name of ['postgres', 'serve', 'sandbox', 'temporal', 'work'] as const)
      await supervisor.require(dummy(name));
    await supervisor.stop(['work', 'sandbox', 'serve', 'temporal', 'postgres']);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      'work',
      'sandbox',
      'serve',
      'temporal',
      'postgres',
    ]);
    expect(supervisor.status().every((part) => part.state === 'stopped')).toBe(true);
  });

  test('ends one that does not listen, when its grace time is over', async () => {
    const { pid } = await supervisor.require(dummy('serve', { deaf: true }));
    await supervisor.stop(['serve']);
    expect(isAlive(pid)).toBe(false);
  });

  test('starts one that died again, and says so', async () => {
    const { pid } = await supervisor.keep(dummy('serve'));
    signal(pid, 'SIGKILL');
    await vi.waitFor(() => expect(said).toContain('the serve is back'), 5_000);
    const now = supervisor.pidOf('serve');
    expect(now).not.toBe(pid);
    expect(now !== undefined && isAlive(now)).toBe(true);
    expect(said[0]).toBe('the serve ended by itself; starting it again');
  });

  test('tries again when a start fails, and tells the reason once', async () => {
    let attempts = 0;
    const good = dummy('work');
    const running = await supervisor.keep({
      ...good,
      start: async (stop) => {
        attempts += 1;
        if (attempts < 4) throw new OperatorError('x', 'no luck', { next: 'Wait.' });
        return await good.start(stop, () => undefined);
      },
    });
    expect(isAlive(running.pid)).toBe(true);
    expect(attempts).toBe(4);
    expect(said).toEqual(['the work: no luck', '  Wait.']);
  });

  test('throws the first failure of a part that everything needs', async () => {
    const part: Part = {
      name: 'postgres',
      title: 'PostgreSQL',
      start: () => Promise.reject(new Error('no disk')),
    };
    await expect(supervisor.require(part)).rejects.toThrow('no disk');
  });

  test('stops a part that is still starting', async () => {
    const part = dummy('postgres');
    const first = supervisor.require(part);
    await supervisor.stop(['postgres']);
    const { pid } = await first;
    expect(isAlive(pid)).toBe(false);
  });
});
