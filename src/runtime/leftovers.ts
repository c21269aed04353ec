import { endPostgres } from './postgres.ts';
import { endProcess } from './processes.ts';
import { type RunFile, stillRuns } from './run-file.ts';

/** Ends our own processes that a killed run left, in the order of a clean stop. */
export async function endWorkingLeftovers(run: RunFile | null): Promise<void> {
  for (const name of ['work', 'sandbox', 'serve']) {
    const mark = run?.children[name];
    if (mark !== undefined && stillRuns(mark)) await endProcess(mark.pid, { graceMs: 5_000 });
  }
}

/** Ends Temporal and the embedded PostgreSQL of a killed run. */
export async function endServers(dataDir: string, run: RunFile | null): Promise<void> {
  const temporal = run?.children['temporal'];
  if (temporal !== undefined && stillRuns(temporal)) await endProcess(temporal.pid, { graceMs: 5_000 });
  await endPostgres(dataDir);
}
