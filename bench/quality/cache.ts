import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './run.ts';
import type { Task } from './task.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = path.join(root, 'node_modules', '.cache', 'bidloop-quality');

/** Everything an outcome depends on: the engine, the market and the bench itself, by the text of their files. */
export function sourceVersion(): string {
  const hash = createHash('sha256');
  for (const part of ['src/core', 'src/contract', 'src/strategies', 'src/sandbox/market', 'bench/quality'])
    for (const file of readdirSync(path.join(root, part), { recursive: true, encoding: 'utf8' }).toSorted())
      if (/\.(?:ts|yaml)$/.test(file)) hash.update(file).update(readFileSync(path.join(root, part, file)));
  return hash.digest('hex').slice(0, 16);
}

function fileOf(version: string, task: Task, policy: string): string {
  const name = [task.scenario, task.seed, task.account, task.ads, policy, task.eager ? 'eager' : 'hourly'];
  return path.join(folder, version, `${name.join('-')}.json`);
}

/** An outcome of an earlier run of the same sources, or null. */
export function remembered(version: string, task: Task, policy: string): Outcome | null {
  const file = fileOf(version, task, policy);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Outcome) : null;
}

export function remember(version: string, task: Task, policy: string, outcome: Outcome): void {
  const file = fileOf(version, task, policy);
  mkdirSync(path.dirname(file), { recursive: true });
  // Whole or not at all: an interrupted run leaves nothing half written.
  writeFileSync(`${file}.new`, JSON.stringify(outcome));
  renameSync(`${file}.new`, file);
}

/** Versions of the sources whose outcomes are kept: one can go back to a run that was interrupted, and no farther. */
const KEPT = 5;

/** Removes the outcomes of all but the newest versions. */
export function forgetOldVersions(): void {
  if (!existsSync(folder)) return;
  const versions = readdirSync(folder).map((name) => ({
    name,
    atMs: statSync(path.join(folder, name)).mtimeMs,
  }));
  for (const { name } of versions.toSorted((a, b) => b.atMs - a.atMs).slice(KEPT))
    rmSync(path.join(folder, name), { recursive: true, force: true });
}
