import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../errors.ts';

/** Whether a process with this id exists and is not a zombie waiting for its parent. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return statFields(pid)?.[0] !== 'Z';
}

/**
 * When the process began, in clock ticks since boot, as text; with the pid it names one process for good, because
 * ids are used again. Empty where there is no /proc (macOS).
 */
export function startedAt(pid: number): string {
  return statFields(pid)?.[19] ?? '';
}

/** Fields of /proc/<pid>/stat after the command name, which may hold spaces and brackets itself. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Sends a signal; a process that is already gone is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** Waits until the process is gone. @returns false when it still lives after `forMs`. */
export async function waitForEnd(pid: number, forMs: number): Promise<boolean> {
  for (let waited = 0; waited <= forMs; waited += 25) {
    if (!isAlive(pid)) return true;
    await sleep(25);
  }
  return false;
}

/** Asks a process to end and, when the grace time is over, ends it. */
export async function endProcess(
  pid: number,
  options: { readonly graceMs: number; readonly ask?: NodeJS.Signals },
): Promise<void> {
  signal(pid, options.ask ?? 'SIGTERM');
  if (await waitForEnd(pid, options.graceMs)) return;
  signal(pid, 'SIGKILL');
  await waitForEnd(pid, 5_000);
}
