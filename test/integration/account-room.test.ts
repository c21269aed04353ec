import { describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/object.ts';
import { explain } from '../../src/cli/explain.ts';
import { reserve } from '../../src/db/guardrail.ts';
import { spend } from '../support/loop.ts';
import { HOUR_MS } from '../support/seed-account.ts';
import { PassFixture, strategyText } from '../support/pass-fixture.ts';

const bench = new PassFixture();

describe('the limits of the account', () => {
  const limited = (name: string, limits: string) =>
    strategyText(name, 'live').replace('maxShareOfSpendPaused: 100 %', limits);

  it('let as many act as there is room for; the others keep, say so once, and act when there is room', async () => {
    const ids = [await bench.adset('Zen A'), await bench.adset('Zen B'), await bench.adset('Zen C')];
    for (const id of ids) await spend(bench.db, bench.account, id, 30);
    await bench.strategy(
      limited('stop', 'maxSpendAge: 48h, maxActionsPerDay: 2, maxShareOfSpendPaused: 100 %'),
    );
    expect(await bench.pass()).toMatchObject({ acted: 2, reasons: { rule_held: 2, max_actions_per_day: 1 } });
    const open = await bench.db
      .selectFrom('decision')
      .select('id')
      .where('account_id', '=', bench.account.accountId)
      .where('needs_workflow', '=', true)
      .execute();
    for (const { id } of open)
      await reserve(bench.db, {
        decisionId: id,
        attempt: 1,
        nowMs: bench.account.nowMs,
        limits: { maxActionsPerDay: 2, maxShareOfSpendPaused: 1, maxSpendAgeMs: HOUR_MS },
      });
    for (const id of ids.slice(0, 2)) {
      await bench.db.updateTable('object').set({ status: 'paused' }).where('id', '=', id).execute();
      await bench.db
        .updateTable('decision')
        .set({ outcome: 'applied', closed_at: new Date(bench.account.nowMs) })
        .where('object_id', '=', id)
        .execute();
    }
    for (let hour = 1; hour < 24; hour += 1) await bench.pass(bench.account.nowMs + hour * HOUR_MS);
    expect(await bench.decisions(ids[2] ?? (0 as ObjectId))).toMatchObject([
      { verdict: 'keep', reason: 'max_actions_per_day' },
    ]);
    expect(await explain(bench.db, `Zen C-${bench.account.suffix}`)).toMatchObject({ recomputed: 'same' });
    expect(await bench.pass(bench.account.nowMs + 25 * HOUR_MS)).toMatchObject({ acted: 1 });
  });

  it('hold for all strategies together', async () => {
    const [a, b] = [await bench.adset('Zen A'), await bench.adset('Zen B')];
    for (const id of [a, b]) await spend(bench.db, bench.account, id, 30);
    const of = (name: string, object: string) =>
      limited(name, 'maxShareOfSpendPaused: 50 %').replace(
        'level: adset',
        `level: adset, where: 'name == "${object}"'`,
      );
    await bench.strategy(of('first', 'Zen A'));
    await bench.strategy(of('second', 'Zen B'));
    expect(await bench.pass()).toMatchObject({
      acted: 1,
      reasons: { rule_held: 1, max_share_of_spend_paused: 1 },
    });
  });

  it.each([
    ['halted', { halted_at: new Date(0), halt_reason: 'audit' }],
    ['writes_not_allowed', { writes_allowed: false }],
  ])('keep everything as it is while the account is closed: %s', async (reason, closed) => {
    const id = await bench.adset('Zen');
    await spend(bench.db, bench.account, id, 30);
    await bench.strategy(strategyText('stop', 'live'));
    await bench.db.updateTable('ad_account').set(closed).where('id', '=', bench.account.accountId).execute();
    for (let minutes = 0; minutes < 150; minutes += 30)
      await bench.pass(bench.account.nowMs + minutes * 60_000);
    expect(await bench.decisions(id)).toMatchObject([{ verdict: 'keep', reason, needs_workflow: false }]);
  });
});
