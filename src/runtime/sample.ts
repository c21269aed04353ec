import type { Config } from '../config.ts';
import type { Db } from '../db/connection.ts';
import { wallNowMs } from '../wall-clock.ts';
import { ensureSampleWorkspace } from './sample-workspace.ts';

/** The sample workspace for a first start. @returns true when the simulated market is to run. */
export async function prepareSample(
  db: Db,
  options: { config: Config; secretKey: Buffer; sandboxUrl: string },
): Promise<boolean> {
  // Whoever brings a database of their own wants no invented customers in it.
  if (options.config.databaseUrl !== null) return false;
  return ensureSampleWorkspace(db, options, wallNowMs());
}
