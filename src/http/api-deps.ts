import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../db/connection.ts';

/** What the API and the page need of the server; a part of ServerDeps, so that tests can give just this. */
export interface ApiDeps {
  readonly db: Db;
  readonly pool: pg.Pool;
  /** Where the starter's status lies. */
  readonly dataDir: string;
  readonly publicUrl: string | null;
  readonly log: Logger;
  readonly wallNowMs: () => number;
  /** Null or absent: only this machine may read. */
  readonly apiToken?: string | null;
  /** Whose records the page links to; "default" when absent. */
  readonly temporalNamespace?: string;
  /** What tracking holds back in this process, for /metrics. */
  readonly tracking?: () => { readonly postbacksWaiting: number; readonly clickBacklogBytes: number };
  /** Folder of the built page; the project's own when absent. */
  readonly pageRoot?: string;
}
