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
export const CACHE = path.join(root, 'node_modules', '.cache', 'bidloop-quality');

/** One finished piece of a run. */
export interface Finished {
  readonly outcome: Outcome;
  /** Processor time it took. */
  readonly cpuMs: number;
}

/** Everything an outcome depends on: engine, market and bench by the text of their files, packages, and Node itself. */
export function sourceVersion(): string {
  const hash = createHash('sha256').update(process.version);
  hash.update(readFileSync(path.join(root, 'package-lock.json')));
  for (const part of ['src/core', 'src/contract', 'src/strategies', 'src/sandbox/market', 'bench/quality'])
    for (const file of readdirSync(path.join(root, part), { recursive: true, encoding: 'utf8' }).toSorted())
      if (/\.(?:ts|yaml)$/.test(file)) hash.update(file).update(readFileSync(path.join(root, part, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Finished pieces of one version of the sources, kept in files. */
export class Cache {
  readonly #folder: string;

  constructor(folder: string, version: string) {
    this.#folder = path.join(folder, version);
  }

  #fileOf(task: Task, policy: string): string {
    const { scenario, seed, account, ads, eager } = task;
    const name = [scenario, seed, account, ads, policy, eager ? 'eager' : 'hourly'].join('-');
    return path.join(this.#folder, `${name}.json`);
  }

  /** What an earlier run of the same sources has finished, or null. */
  remembered(task: Task, policy: string): Finished | null {
    const file = this.#fileOf(task, policy);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Finished) : null;
  }

  remember(task: Task, policy: string, finished: Finished): void {
    const file = this.#fileOf(task, policy);
    mkdirSync(this.#folder, { recursive: true });
    // Whole or not at all: a run that is killed leaves nothing half written.
    writeFileSync(`${file}.new`, JSON.stringify(finished));
    renameSync(`${file}.new`, file);
  }
}

/** Versions of the sources whose outcomes are kept: one can go back to a run that was interrupted, and no farther. */
const KEPT = 5;

/** Removes the outcomes of all but the newest versions. */
export function forgetOldVersions(folder: string): void {
  if (!existsSync(folder)) return;
  const versions = readdirSync(folder).map((name) => ({
    name,
    atMs: statSync(path.join(folder, name)).mtimeMs,
  }));
  for (const { name } of versions.toSorted((a, b) => b.atMs - a.atMs).slice(KEPT))
    rmSync(path.join(folder, name), { recursive: true, force: true });
}
