import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/runtime/free-port.ts';
import { findTemporal, type TemporalProgress } from '../../../src/runtime/temporal-binary.ts';

let folder: string;
let bin: string;
let nowhere: string;
let progress: TemporalProgress[];
let server: Server | undefined;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-temporal-'));
  bin = path.join(folder, 'bin');
  mkdirSync(bin);
  nowhere = `http://127.0.0.1:${await freePort()}/archive`;
  progress = [];
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

function script(name: string, body: string, where = bin): string {
  const file = path.join(where, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Only our own folder on the PATH, and what a shell script needs. */
function find(how: { downloadFrom?: string; signal?: AbortSignal } = {}) {
  return findTemporal({
    env: { PATH: `${bin}:/bin`, XDG_CACHE_HOME: path.join(folder, 'cache') },
    onProgress: (one) => progress.push(one),
    downloadFrom: nowhere,
    ...how,
  });
}

/** A Go whose build takes no time and whose result says which it is. */
const GO = `
case "$1" in
  list) echo "go: downloading example.com/a v1.0.0" >&2; echo one; echo two; echo three; echo four ;;
  build) echo one >&2; echo two >&2; echo "$@" > ${'$0'}.args
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho built\\n' > "$2"; chmod +x "$2" ;;
esac`;

describe('finding Temporal', () => {
  test('takes the one on the PATH', async () => {
    const file = script('temporal', 'echo temporal version 1.5.1');
    expect(await find()).toEqual({ path: file, from: 'path' });
  });

  test('passes over one that does not run', async () => {
    script('temporal', 'exit 126');
    script('go', GO);
    expect((await find()).from).toBe('build');
  });

  test('builds it once with Go, with progress, and then takes it from the cache', async () => {
    script('go', GO);
    const built = await find();
    expect(built.from).toBe('build');
    expect(execFileSync(built.path, { encoding: 'utf8' })).toBe('built\n');
    expect(path.basename(built.path)).toMatch(/^temporal-v\d+\.\d+\.\d+-/);
    expect(readFileSync(path.join(bin, 'go.args'), 'utf8')).toContain(
      'github.com/temporalio/cli/cmd/temporal',
    );
    const texts = progress.map((one) => one.text);
    expect(texts).toContain('fetching the sources of Temporal, module 1');
    expect(texts).toContain('building Temporal, package 2 of 4');
    expect(progress.every((one) => one.secondsLeft === null || one.secondsLeft > 0)).toBe(true);
    expect(await find()).toEqual({ path: built.path, from: 'cache' });
  });

  test('says what Go said when the build fails, and leaves nothing half made', async () => {
    script('go', 'echo "go: no such host proxy.example" >&2; exit 1');
    await expect(find()).rejects.toMatchObject({
      code: 'temporal_build_failed',
      message: expect.stringContaining('no such host proxy.example'),
    });
    expect(
      readdirSync(path.join(folder, 'cache', 'bidloop')).filter((name) => !name.includes('lock')),
    ).toEqual([]);
  });

  test('without Temporal and without Go it names the three ways out', async () => {
    const began = Date.now();
    const failure = await find().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'no_temporal' });
    expect(String((failure as { next: string }).next)).toMatch(/PATH.*Go 1\.26.*TEMPORAL_ADDRESS/);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test('an archive that never answers costs less than five seconds', async () => {
    server = createServer(() => undefined);
    const port = await freePort();
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    script('go', GO);
    const began = Date.now();
    expect((await find({ downloadFrom: `http://127.0.0.1:${port}` })).from).toBe('build');
    expect(Date.now() - began).toBeLessThan(5_000);
    server.closeAllConnections();
  });

  test('unpacks the official archive where it can be reached', async () => {
    const made = path.join(folder, 'made');
    mkdirSync(made);
    script('temporal', 'echo downloaded', made);
    execFileSync('tar', ['-czf', path.join(folder, 'a.tar.gz'), '-C', made, 'temporal']);
    const asked: string[] = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(readFileSync(path.join(folder, 'a.tar.gz')));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    const found = await find({ downloadFrom: `http://127.0.0.1:${port}/cli/archive` });
    expect(found.from).toBe('download');
    expect(execFileSync(found.path, { encoding: 'utf8' })).toBe('downloaded\n');
    expect(asked[0]).toMatch(/^\/cli\/archive\/v\d+\.\d+\.\d+\?platform=\w+&arch=\w+$/);
  });

  test('an answer that is no archive is passed over', async () => {
    server = createServer((_request, response) => response.end('<html>Please log in to the network</html>'));
    const port = await freePort();
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    script('go', GO);
    expect((await find({ downloadFrom: `http://127.0.0.1:${port}` })).from).toBe('build');
  });

  test('two starts at once build it once', async () => {
    script('go', `echo x >> ${path.join(folder, 'runs')}; sleep 0.2; ${GO}`);
    const both = await Promise.all([find(), find()]);
    expect(both.map((one) => one.from).toSorted((a, b) => a.localeCompare(b))).toEqual(['build', 'cache']);
    expect(readFileSync(path.join(folder, 'runs'), 'utf8').trim().split('\n')).toHaveLength(2);
    expect(progress.map((one) => one.text)).toContain('another process is building Temporal; waiting for it');
  });

  test('a build that is no longer wanted is ended', async () => {
    script('go', 'sleep 30');
    const stop = new AbortController();
    const found = find({ signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await expect(found).rejects.toThrow(/abort/i);
    expect(existsSync(path.join(folder, 'cache', 'bidloop'))).toBe(true);
  });
});
