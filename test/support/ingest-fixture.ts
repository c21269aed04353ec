import type { Db } from '../../src/db/connection.ts';
import { drainBatch, type DrainedBatch } from '../../src/db/ingest/drain-batch.ts';
import { type SeededAccount, seedAccount, type SeedOptions, T0 } from './ingest-facts.ts';

/** A test's own workspace in a database that a whole file shares, and what became of its postbacks. */
export class IngestFixture {
  readonly db: Db;
  #shop: SeededAccount | undefined;
  static #number = 0;

  constructor(db: Db) {
    this.db = db;
  }

  /** The workspace last made. */
  get shop(): SeededAccount {
    if (!this.#shop) throw new Error('call fresh() first');
    return this.#shop;
  }

  async fresh(options: Partial<SeedOptions> = {}): Promise<SeededAccount> {
    IngestFixture.#number += 1;
    this.#shop = await seedAccount(this.db, { name: `shop-${IngestFixture.#number}`, ...options });
    return this.#shop;
  }

  drain(limit = 2000): Promise<DrainedBatch> {
    // What belongs together then lies in different parts of its batch too.
    return drainBatch(this.db, { shard: 'all', limit, part: 2, wallMs: T0 + 40 * 86_400_000 });
  }

  conversions() {
    return this.db
      .selectFrom('conversion')
      .selectAll()
      .where('workspace_id', '=', this.shop.workspaceId)
      .orderBy('received_at')
      .orderBy('id')
      .execute();
  }

  outcomes() {
    return this.db
      .selectFrom('postback')
      .select(['outcome', 'reason', 'warnings'])
      .where('workspace_id', '=', this.shop.workspaceId)
      .orderBy('received_at')
      .execute();
  }
}
