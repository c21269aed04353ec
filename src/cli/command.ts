import type { Client } from '@temporalio/client';
import type { Config } from '../config.ts';
import type { Db } from '../db/connection.ts';

/**
 * What a command gets. Everything is opened on first use and closed when the command is done, so that `--help` and a
 * check of a file need neither settings nor servers.
 */
export interface CliContext {
  /** @throws ConfigError with all problems of the environment at once. */
  readonly config: Config;
  /** For what the settings do not say: whether a default was asked for, and what children are started with. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * The database of the running installation (DATABASE_URL, else the one `up` started).
   * @throws OperatorError `nothing_runs`, or what is wrong with the address.
   */
  db(): Promise<Db>;
  /** A client of its Temporal server. @throws OperatorError when none answers. */
  temporal(): Promise<Client>;
  /** The key for `seal` and `open` (src/secrets.ts). */
  secretKey(): Buffer;
  /** Where a Temporal UI can be opened, without a slash at the end; null when unknown. */
  temporalUi(): string | null;
  /** Where our own HTTP server is reached from this machine, without a slash at the end. */
  pageUrl(): string;
  /** Wall time. */
  wallNowMs(): number;
  /** Workspace time: what every fact is stamped with. */
  nowMs(workspaceId: string): Promise<number>;
  /** `text` for a person, or `data` as one JSON document with --json. Instants in `data` as ISO texts. */
  print(data: unknown, text: string): void;
  /** A remark beside the result, on stderr; silent with --json. */
  note(text: string): void;
  /** True with --json: leave out progress and questions. */
  readonly json: boolean;
}

/** Wrong arguments that the parser could not see: exit code 2. */
export class UsageError extends Error {
  readonly code = 'usage';
}
