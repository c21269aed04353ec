import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const home = mkdtempSync(path.join(os.tmpdir(), 'bidloop-quality-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const OPTIONS = ['--scenarios', 'S1,S2', '--policies', 'Z,A,D20,G', '--ads', '12', '--replicates', '3'];

interface Run {
  readonly lastLine: Promise<string>;
  kill(): void;
}

function bench(cache: string, ...more: readonly string[]): Run {
  const argv = ['bench/run.ts', 'quality', ...OPTIONS, '--cache', cache, ...more];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString();
  });
  return {
    lastLine: new Promise((resolve) => {
      child.on('close', () => resolve(text.trimEnd().split('\n').at(-1) ?? ''));
    }),
    kill: () => child.kill('SIGKILL'),
  };
}

/** Finished pieces and when they were written. */
function pieces(cache: string): ReadonlyMap<string, number> {
  if (!existsSync(cache)) return new Map();
  const files = readdirSync(cache, { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => file.endsWith('.json'))
      .map((file) => [file, statSync(path.join(cache, file)).mtimeMs]),
  );
}

describe('a run of the quality bench that was killed', () => {
  it('goes on where it was, and comes to the same figures', async () => {
    const cache = path.join(home, 'killed');
    const killed = bench(cache);
    while (pieces(cache).size < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    killed.kill();
    await killed.lastLine;
    const before = pieces(cache);
    expect(before.size).toBeLessThan(24);

    const whole = await bench(path.join(home, 'whole')).lastLine;
    expect(Object.keys(JSON.parse(whole) as object)).toEqual(['S1', 'S2']);
    expect(await bench(cache, '--resume').lastLine).toBe(whole);
    const after = pieces(cache);
    expect(after.size).toBe(24);
    // What was finished was not done again.
    for (const [file, atMs] of before) expect(after.get(file)).toBe(atMs);
  }, 90_000);
});
