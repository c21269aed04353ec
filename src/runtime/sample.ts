import type { Config } from '../config.ts';
import type { Db } from '../db/connection.ts';

/** Stub until the sample workspace arrives. */
export async function prepareSample(
  _db: Db,
  _options: { config: Config; secretKey: Buffer; sandboxUrl: string },
): Promise<boolean> {
  await Promise.resolve();
  return false;
}
