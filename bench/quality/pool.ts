import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './run.ts';
import type { Task } from './task.ts';

interface Message {
  readonly policy?: string;
  readonly outcome?: Outcome;
  readonly cpuMs?: number;
  readonly finished?: boolean;
}

export const WORKERS = Math.max(1, Math.min(2, os.availableParallelism()));

/**
 * Runs tasks on two workers in the given order.
 *
 * @param got called for each policy of each task as it is done.
 */
export async function runAll(
  tasks: readonly Task[],
  got: (task: Task, policy: string, outcome: Outcome, cpuMs: number) => void,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from(
      { length: Math.min(WORKERS, tasks.length) },
      () =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL('./worker.ts', import.meta.url));
          let current: Task | undefined;
          const more = (): void => {
            current = tasks[next];
            next += 1;
            if (current === undefined) {
              void worker.terminate();
              resolve();
            } else worker.postMessage(current);
          };
          worker.on('error', reject);
          worker.on('message', ({ policy, outcome, cpuMs, finished }: Message) => {
            if (finished === true) more();
            else if (current !== undefined && policy !== undefined && outcome !== undefined)
              got(current, policy, outcome, cpuMs ?? 0);
          });
          more();
        }),
    ),
  );
}
