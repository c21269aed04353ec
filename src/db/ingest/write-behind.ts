import type { RawBuilder } from 'kysely';
import type { Db } from '../connection.ts';

/**
 * Runs statements in the order they come, in one transaction, while the caller prepares the next ones: a batch is judged
 * and written side by side. {@link settle} before the transaction ends, whichever way it ends: a statement that comes
 * after it would be in none.
 */
export class WriteBehind {
  readonly #trx: Db;
  #running: Promise<void> = Promise.resolve();

  constructor(trx: Db) {
    this.#trx = trx;
  }

  /** Returns once those before are written and these are begun. @throws what one of those before threw. */
  async add(statements: readonly RawBuilder<unknown>[]): Promise<void> {
    await this.#running;
    this.#running = this.#run(statements);
    // Whoever adds or settles next hears of it.
    this.#running.catch(() => undefined);
  }

  /** Waits for all of them. @throws what one of them threw. */
  settle(): Promise<void> {
    return this.#running;
  }

  async #run(statements: readonly RawBuilder<unknown>[]): Promise<void> {
    for (const statement of statements) await statement.execute(this.#trx);
  }
}
