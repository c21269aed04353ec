import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import type { Db } from '../../src/db/connection.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { passAt } from './pass.ts';
import { seedAccount, type SeededAccount, seedObject } from './seed-account.ts';
import { seedStrategy } from './seed-strategy.ts';

/** A strategy of one rule over today's cost without a purchase, on ad sets. */
export const strategyText = (name: string, mode: string, then = '{ pause: true }', threshold = 60) => `
version: 1
strategy: ${name}
scope: { level: adset }
mode: ${mode}
rules:
  - name: enough
    when: 'spend("today") >= ${threshold} && conversions("purchase", "today") == 0'
    then: ${then}
guardrails: { maxShareOfSpendPaused: 100 % }
`;

/** Passes of the optimizer over a fresh account before each test, on one database a file; it is dropped at the end. */
export class PassFixture {
  #database!: TestDatabase;
  account!: SeededAccount;

  constructor() {
    beforeAll(async () => {
      this.#database = await testDatabase();
    });
    afterAll(async () => this.#database.drop());
    beforeEach(async () => {
      this.account = await seedAccount(this.db);
    });
  }

  get db(): Db {
    return this.#database.db;
  }

  /** Where a process of its own finds the same database. */
  get url(): string {
    return this.#database.url;
  }

  strategy(text: string) {
    const { workspaceId, nowMs } = this.account;
    return seedStrategy(this.db, { workspaceId, nowMs, text });
  }

  adset(name: string) {
    return seedObject(this.db, this.account, {
      level: 'adset',
      networkId: `${name}-${this.account.suffix}`,
      name,
    });
  }

  /** One full pass at workspace time `nowMs`; `between` runs after the evidence is loaded, before anything is stored. */
  pass(nowMs = this.account.nowMs, asOfMs = this.account.asOfMs, between = async () => {}) {
    return passAt(this.db, this.account, { nowMs, asOfMs, between });
  }

  decisions(objectId: ObjectId) {
    return this.db
      .selectFrom('decision')
      .selectAll()
      .where('object_id', '=', objectId)
      .orderBy('decided_at')
      .execute();
  }
}
