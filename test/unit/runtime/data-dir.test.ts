import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  emptyDataDir,
  ensureSecretKey,
  loadSecretKey,
  prepareDataDir,
} from '../../../src/runtime/data-dir.ts';
import { claimDataDir, releaseDataDir } from '../../../src/runtime/run-file.ts';
import { canEnter } from '../../../src/runtime/postgres-home.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'bidloop-data-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the data directory', () => {
  test('is made with its parents', () => {
    prepareDataDir(path.join(folder, 'a', 'b'));
    expect(statSync(path.join(folder, 'a', 'b')).isDirectory()).toBe(true);
  });

  test('that cannot be made is explained with its setting', () => {
    writeFileSync(path.join(folder, 'file'), '');
    for (const bad of [path.join(folder, 'file'), path.join(folder, 'file', 'below'), '/proc/bidloop']) {
      expect(() => prepareDataDir(bad)).toThrow(
        expect.objectContaining({
          code: 'data_dir_not_writable',
          next: expect.stringContaining('BIDLOOP_DATA_DIR'),
        }),
      );
    }
  });

  test('keeps one key, readable by its owner only', () => {
    const config = { dataDir: folder, secretKey: null };
    expect(() => loadSecretKey(config)).toThrow(expect.objectContaining({ code: 'no_secret_key' }));
    const key = ensureSecretKey(config);
    expect(key).toHaveLength(32);
    expect(ensureSecretKey(config)).toEqual(key);
    expect(statSync(path.join(folder, 'secret.key')).mode & 0o777).toBe(0o600);
    writeFileSync(path.join(folder, 'secret.key'), 'cut o');
    expect(() => ensureSecretKey(config)).toThrow(expect.objectContaining({ code: 'bad_secret_key' }));
  });

  test('is emptied only when it is ours', () => {
    const ours = path.join(folder, 'ours');
    prepareDataDir(ours);
    mkdirSync(path.join(ours, 'postgres'));
    emptyDataDir(ours);
    expect(readdirSync(ours)).toEqual([]);
    writeFileSync(path.join(folder, 'letters.txt'), 'dear …');
    prepareDataDir(folder);
    expect(() => emptyDataDir(folder)).toThrow(expect.objectContaining({ code: 'not_our_data_dir' }));
    expect(readdirSync(folder)).toContain('letters.txt');
  });

  test('belongs to one start at a time; the claim of a process that is gone is void', () => {
    expect(claimDataDir(folder)).toBeNull();
    expect(claimDataDir(folder)).toMatchObject({ pid: process.pid });
    releaseDataDir(folder);
    writeFileSync(path.join(folder, 'up.lock'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    expect(claimDataDir(folder)).toBeNull();
    writeFileSync(path.join(folder, 'up.lock'), '');
    expect(claimDataDir(folder)).toBeNull();
  });

  test('under a private folder cannot be entered by another user', () => {
    const other = { uid: 64_999, gid: 64_999 };
    mkdirSync(path.join(folder, 'open'), { mode: 0o755 });
    expect(canEnter(path.join(folder, 'open'), other)).toBe(false);
    expect(canEnter(os.tmpdir(), other)).toBe(true);
  });
});
