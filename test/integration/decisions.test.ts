import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Evidence } from '../../src/core/decision.ts';
import { explain } from '../../src/cli/explain.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
import { spend } from '../support/loop.ts';
import { HOUR_MS } from '../support/seed-account.ts';
import { PassFixture, strategyText } from '../support/pass-fixture.ts';

const bench = new PassFixture();

describe('storing a pass', () => {
  it('stores a keep when its verdict or reason changes, and only then', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 10);
    await bench.pass();
    await bench.pass(bench.account.nowMs + 1_000);
    expect(await bench.decisions(id)).toMatchObject([{ verdict: 'keep', reason: 'no_rule_held' }]);
    await spend(bench.db, bench.account, id, 30);
    await bench.pass(bench.account.nowMs + 2_000);
    expect((await bench.decisions(id)).map((row) => row.verdict)).toEqual(['keep', 'pause']);
  });

  it('stores one acting decision while it is open', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 30);
    expect(await bench.pass()).toMatchObject({ acted: 1 });
    expect(await bench.pass(bench.account.nowMs + 1_000)).toMatchObject({ acted: 0 });
    expect(await bench.decisions(id)).toMatchObject([
      { verdict: 'pause', needs_workflow: true, plan: { change: { kind: 'pause' } } },
    ]);
  });

  it('says that a pause takes the place of a change that waits, until the change has ended', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('raise', 'approve', '{ raiseBid: 10 % }'));
    await spend(bench.db, bench.account, id, 30);
    await bench.pass();
    await bench.strategy(strategyText('a-stop', 'live'));
    const { superseded } = await bench.pass(bench.account.nowMs + 1_000);
    const [waiting, pause] = await bench.decisions(id);
    expect(superseded).toEqual([{ decisionId: waiting?.id, by: pause?.id }]);
    // Whoever was to tell the waiting workflow may have died before it did.
    expect(await bench.pass(bench.account.nowMs + 2_000)).toMatchObject({ acted: 0, superseded });
    await bench.db
      .updateTable('decision')
      .set({ outcome: 'superseded', closed_at: new Date(bench.account.nowMs + 2_000) })
      .where('id', '=', waiting?.id ?? '')
      .execute();
    expect(await bench.pass(bench.account.nowMs + 3_000)).toMatchObject({ superseded: [] });
  });

  it('refuses facts that are older than those stored', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 10);
    await bench.pass(bench.account.nowMs + 5_000);
    await spend(bench.db, bench.account, id, 30);
    expect(await bench.pass(bench.account.nowMs)).toMatchObject({ evaluated: 0, acted: 0 });
    expect(await bench.pass(bench.account.nowMs + 6_000, bench.account.asOfMs - HOUR_MS)).toMatchObject({
      evaluated: 0,
      acted: 0,
    });
    expect(await bench.pass(bench.account.nowMs + 6_000)).toMatchObject({ evaluated: 1, acted: 1 });
  });

  it('lets the first strategy by name act when two would, and says so', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('b-raise', 'live', '{ raiseBid: 10 % }'));
    await bench.strategy(strategyText('a-stop', 'live'));
    await bench.strategy(strategyText('0-dry', 'dry-run'));
    await spend(bench.db, bench.account, id, 30);
    await bench.pass();
    expect(
      (await bench.decisions(id))
        .map((row) => [row.strategy_id.split('/')[1], row.verdict, row.needs_workflow])
        .toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
    ).toEqual([
      ['0-dry', 'pause', false],
      ['a-stop', 'pause', true],
    ]);
    const held = await bench.db
      .selectFrom('last_evaluation')
      .select('objects')
      .where('strategy_id', 'like', '%b-raise')
      .where('account_id', '=', bench.account.accountId)
      .executeTakeFirstOrThrow();
    expect(held.objects).toMatchObject([{ verdict: 'set_bid', held: { by: 'other_strategy' } }]);
  });

  it('gives the same decision again from what is stored', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 33.333333);
    await bench.pass();
    const [row] = await bench.decisions(id);
    const stored = row?.evidence as unknown as { input: Evidence; output: unknown };
    const [current] = await loadCurrentStrategies(bench.db, bench.account.workspaceId);
    if (current === undefined) throw new Error('no strategy');
    expect(
      isDeepStrictEqual(JSON.parse(JSON.stringify(decide(current.compiled, stored.input))), stored.output),
    ).toBe(true);
    expect(await explain(bench.db, `Zen-${bench.account.suffix}`)).toMatchObject({
      recomputed: 'same',
      decision: { verdict: 'pause' },
    });
  });

  it('notices evidence that was tampered with', async () => {
    const id = await bench.adset('Zen');
    await bench.strategy(strategyText('stop', 'live'));
    await spend(bench.db, bench.account, id, 30);
    await bench.pass();
    await sql`update decision set evidence = jsonb_set(evidence, '{input,windows,today,spend}', '1') where object_id = ${id}`.execute(
      bench.db,
    );
    expect(await explain(bench.db, `Zen-${bench.account.suffix}`)).toMatchObject({ recomputed: 'differs' });
  });
});
