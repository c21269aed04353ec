import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Names of click segments: `<pid>-<start>-<number>.clicks`. The process that wrote one is known by its id and start,
 * so that a living process's file is never taken for a leftover, and a leftover never for a file in use.
 */
const NAME = /^(\d+)-(\d+)-(\d+)\.clicks$/;

/** When a process started, in the kernel's ticks; 0 where the system does not tell, null for no such process. */
function startOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields follow the command's closing parenthesis; the start is the 20th after it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 0);
  } catch {
    if (process.platform === 'linux') return null;
  }
  try {
    process.kill(pid, 0);
    return 0;
  } catch {
    return null;
  }
}

/** Segments that a buffer of this process has open. */
const inUse = new Set<string>();
let lastNumber = 0;

/** A new segment's path, this process's until it is released. */
export function claimSegment(directory: string): string {
  const owner = `${process.pid}-${startOf(process.pid) ?? 0}`;
  for (;;) {
    lastNumber += 1;
    const file = path.join(directory, `${owner}-${String(lastNumber).padStart(6, '0')}.clicks`);
    // Where starts are not told, an earlier process of the same id may have left one of this name.
    if (existsSync(file)) continue;
    inUse.add(file);
    return file;
  }
}

/** A segment that was closed: what is left in it is a leftover like any other. */
export function releaseSegment(file: string): void {
  inUse.delete(file);
}

/** Segments that nobody writes any more, oldest first. */
export function leftoverSegments(directory: string): string[] {
  const found: { readonly file: string; readonly order: string }[] = [];
  for (const name of readdirSync(directory)) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const file = path.join(directory, name);
    const pid = Number(match[1]);
    const own = pid === process.pid;
    if (own ? inUse.has(file) : startOf(pid) === Number(match[2])) continue;
    found.push({
      file,
      order: `${(match[2] ?? '').padStart(20, '0')} ${match[3] ?? ''}`,
    });
  }
  return found.toSorted((a, b) => (a.order < b.order ? -1 : 1)).map((entry) => entry.file);
}
