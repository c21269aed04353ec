import { GraphError } from './errors.ts';

interface Run {
  readonly id: string;
  readonly rows: readonly unknown[];
  readonly failed: boolean;
  asked: number;
}

const STEPS = [
  { async_status: 'Job Not Started', async_percent_completion: 0 },
  { async_status: 'Job Running', async_percent_completion: 40 },
] as const;

/** Asynchronous reports: done after a few looks, so that a test needs no clock. */
export class ReportRuns {
  readonly #runs: Run[] = [];

  start(rows: readonly unknown[], failed: boolean): string {
    const id = String(602_392_014_900_000_000n + BigInt(this.#runs.length + 1));
    this.#runs.push({ id, rows, failed, asked: 0 });
    if (this.#runs.length > 200) this.#runs.shift();
    return id;
  }

  find(id: string): Run | undefined {
    return this.#runs.find((run) => run.id === id);
  }

  progress(run: Run): unknown {
    const waiting = STEPS[run.asked];
    run.asked += 1;
    if (waiting) return { id: run.id, ...waiting };
    if (run.failed) {
      return {
        id: run.id,
        async_status: 'Job Failed',
        async_percent_completion: 0,
        error_code: 2,
        error_message: 'The report could not be made',
      };
    }
    return { id: run.id, async_status: 'Job Completed', async_percent_completion: 100 };
  }

  rows(run: Run): readonly unknown[] {
    if (run.failed || run.asked <= STEPS.length)
      throw new GraphError(100, '(#100) The report is not completed yet');
    return run.rows;
  }
}
