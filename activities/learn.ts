import { loadNow } from '../src/db/clock.ts';
import type { Db } from '../src/db/connection.ts';
import { learn } from '../src/db/learning/learn.ts';
import type { LearnActivities } from './contract.ts';

export interface LearnDeps {
  readonly db: Db;
  readonly wallNowMs: () => number;
}

/** Learning from an account's own past: delays, rates, order sizes. One transaction per step; safe to repeat. */
export function createLearnActivities({ db, wallNowMs }: LearnDeps): LearnActivities {
  return {
    async learn({ accountId }) {
      const account = await db
        .selectFrom('ad_account')
        .select('workspace_id')
        .where('id', '=', accountId)
        .executeTakeFirst();
      if (account === undefined) return { changed: 0, sentence: 'the ad account was removed' };
      const { changed, sentence } = await learn(
        db,
        accountId,
        await loadNow(db, account.workspace_id, wallNowMs()),
      );
      return { changed, sentence };
    },
  };
}
