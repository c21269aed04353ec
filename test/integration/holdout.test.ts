import { isDeepStrictEqual } from 'node:util';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { micros } from '../../src/core/money.ts';
import type { ObjectId } from '../../src/core/object.ts';
import { drawOf, loadDraws } from '../../src/db/holdout.ts';
import { loadHoldout } from '../../src/db/holdout-report.ts';
import { storeSpend } from '../../src/db/spend.ts';
import { loadCurrentStrategies } from '../../src/db/strategy.ts';
import { spend } from '../support/loop.ts';
import { evidenceAt } from '../support/pass.ts';
import { PassFixture } from '../support/pass-fixture.ts';
import { HOUR_MS, seedObject } from '../support/seed-account.ts';

const DAY_MS = 24 * HOUR_MS;
const SHARE = 0.1;
const bench = new PassFixture();

const pilot = (mode = 'live') => `
version: 1
strategy: pilot
scope: { level: adset }
autopilot: { event: purchase, cpa: 30 USD, holdout: 10 % }
mode: ${mode}
guardrails: { maxShareOfSpendPaused: 100 % }
`;

/** Automatic bidding: the lever is the budget, so that a due pause is never a lower bid. */
const adset = (name: string): Promise<ObjectId> =>
  seedObject(bench.db, bench.account, {
    level: 'adset',
    networkId: `${name}-${bench.account.suffix}`,
    name,
    bidStrategy: 'auto',
    bidMicros: null,
  });

const strategyId = () => `${bench.account.workspaceId}/pilot`;

/** Gives the workspace a key under which the object's first due pause is held back, or is not. */
async function rig(objectId: ObjectId, held: boolean): Promise<void> {
  for (;;) {
    const key = randomUUID();
    if (drawOf({ key, strategyId: strategyId(), objectId, episode: 0 }) < SHARE !== held) continue;
    await bench.db
      .updateTable('workspace')
      .set({ draw_key: key })
      .where('id', '=', bench.account.workspaceId)
      .execute();
    return;
  }
}

const rows = (objectId: ObjectId) =>
  bench.db.selectFrom('holdout').selectAll().where('object_id', '=', objectId).orderBy('episode').execute();

async function end(objectId: ObjectId, outcome: string, atMs: number): Promise<void> {
  await bench.db
    .updateTable('decision')
    .set({ outcome, closed_at: new Date(atMs) })
    .where('object_id', '=', objectId)
    .where('verdict', '=', 'pause')
    .where('outcome', 'is', null)
    .execute();
}

/** Time goes on, and the network's reports with it. */
async function reportedTo(asOfMs: number): Promise<void> {
  await bench.db
    .updateTable('ad_account')
    .set({ spend_as_of: new Date(asOfMs) })
    .where('id', '=', bench.account.accountId)
    .execute();
}

describe('a due pause of an autopilot', () => {
  it('is held back where its draw lies below the share, once, and stays held', async () => {
    const id = await adset('Zen');
    await bench.strategy(pilot());
    await rig(id, true);
    await spend(bench.db, bench.account, id, 400);
    expect(await bench.pass()).toMatchObject({ acted: 0, reasons: { holdout: 1 } });
    const [decision] = await bench.decisions(id);
    expect(decision).toMatchObject({ verdict: 'keep', reason: 'holdout', needs_workflow: false });
    const untilMs = bench.account.nowMs + 7 * DAY_MS;
    expect(await rows(id)).toMatchObject([
      {
        strategy_id: strategyId(),
        episode: 0,
        arm: 'held',
        propensity: SHARE,
        drawn_at: new Date(bench.account.nowMs),
        until: new Date(untilMs),
        keep_id: decision?.id,
        pause_id: null,
      },
    ]);
    await bench.pass(bench.account.nowMs + 60_000);
    expect(await rows(id)).toHaveLength(1);
    const [found] = await evidenceAt(bench.db, bench.account, bench.account.nowMs + 120_000);
    expect(found?.evidence[0]?.pilot?.held).toEqual({
      sinceMs: bench.account.nowMs,
      untilMs,
      propensity: SHARE,
    });
  });

  it('can be computed again from what was stored, draw and all', async () => {
    const id = await adset('Zen');
    await bench.strategy(pilot());
    await rig(id, true);
    await spend(bench.db, bench.account, id, 400);
    await bench.pass();
    const [decision] = await bench.decisions(id);
    const [strategy] = await loadCurrentStrategies(bench.db, bench.account.workspaceId);
    const stored = decision?.evidence as unknown as {
      input: Parameters<typeof decide>[1];
      output: unknown;
    };
    expect(stored.input.pilot?.draw).toBeLessThan(SHARE);
    const again = decide(strategy!.compiled, stored.input);
    expect(isDeepStrictEqual(JSON.parse(JSON.stringify(again)), stored.output)).toBe(true);
  });

  it('is carried out where its draw lies above, and that is on record too', async () => {
    const id = await adset('Zen');
    await bench.strategy(pilot());
    await rig(id, false);
    await spend(bench.db, bench.account, id, 400);
    expect(await bench.pass()).toMatchObject({ acted: 1 });
    const [decision] = await bench.decisions(id);
    expect(decision).toMatchObject({ verdict: 'pause', rule: 'autopilot: pause' });
    expect(await rows(id)).toMatchObject([
      { episode: 0, arm: 'acted', until: null, keep_id: null, pause_id: decision?.id },
    ]);
  });

  it('keeps its draw while the pause has not come to be, and draws anew after one that has', async () => {
    const id = await adset('Zen');
    await bench.strategy(pilot());
    await rig(id, false);
    await spend(bench.db, bench.account, id, 400);
    await bench.pass();
    const of = { ...bench.account, strategyId: strategyId(), objectIds: [id] };
    const first = (await rows(id))[0]?.draw;
    // The network refused: tried again later, it is the same due pause.
    await end(id, 'network_refused', of.nowMs);
    expect((await loadDraws(bench.db, of)).get(id)).toEqual({ draw: first });
    const later = of.nowMs + 2 * DAY_MS;
    await reportedTo(later - HOUR_MS);
    await bench.pass(later, later - HOUR_MS);
    const [, second] = await bench.decisions(id);
    expect(second).toMatchObject({ verdict: 'pause' });
    expect(await rows(id)).toMatchObject([{ episode: 0, draw: first, pause_id: second?.id }]);

    await end(id, 'applied', later);
    const next = (await loadDraws(bench.db, { ...of, nowMs: later })).get(id);
    expect(next?.held).toBeUndefined();
    expect(next?.draw).not.toBe(first);
  });

  it('is carried out when its time of being held is over and it is due still', async () => {
    const id = await adset('Zen');
    await bench.strategy(pilot());
    await rig(id, true);
    await spend(bench.db, bench.account, id, 400);
    await bench.pass();
    const later = bench.account.nowMs + 7 * DAY_MS + 60_000;
    await reportedTo(later - HOUR_MS / 2);
    expect(await bench.pass(later, later - HOUR_MS / 2)).toMatchObject({ acted: 1 });
    const [, pause] = await bench.decisions(id);
    expect(await rows(id)).toMatchObject([{ episode: 0, arm: 'held', pause_id: pause?.id }]);
    await bench.pass(later + 60_000, later - HOUR_MS / 2);
    expect(await rows(id)).toHaveLength(1);
  });

  it('is not held back in a dry run, where nothing would be done', async () => {
    const id = await adset('Zen');
    await bench.strategy(pilot('dry-run'));
    await rig(id, true);
    await spend(bench.db, bench.account, id, 400);
    await bench.pass();
    expect(await bench.decisions(id)).toMatchObject([{ verdict: 'pause', mode: 'dry-run' }]);
    expect(await rows(id)).toEqual([]);
  });
});

describe('draws', () => {
  it('lie in [0, 1), evenly, and depend on key, strategy, object and episode', () => {
    const of = { key: 'k', strategyId: 's', objectId: 1 as ObjectId, episode: 0 };
    const draws = Array.from({ length: 20_000 }, (_, no) => drawOf({ ...of, objectId: no as ObjectId }));
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    const below = draws.filter((draw) => draw < 0.03).length / draws.length;
    expect(Math.abs(below - 0.03)).toBeLessThan(3 * Math.sqrt((0.03 * 0.97) / draws.length));
    const others = [of, { ...of, key: 'l' }, { ...of, strategyId: 't' }, { ...of, episode: 1 }].map(drawOf);
    expect(new Set(others).size).toBe(4);
  });
});

describe('the report', () => {
  it('is empty while no pause was due', async () => {
    expect(
      await loadHoldout(bench.db, { workspaceId: bench.account.workspaceId, nowMs: bench.account.nowMs }),
    ).toEqual([]);
  });

  it('sums what the held object did from the draw to the end, conversions by their click', async () => {
    const { db, account } = bench;
    const id = await adset('Zen');
    const other = await adset('Yoga');
    await bench.strategy(pilot());
    await rig(id, true);
    await spend(db, account, id, 400);
    await spend(db, account, other, 1);
    await bench.pass();
    const firstHour = Math.ceil(account.nowMs / HOUR_MS) * HOUR_MS;
    const endMs = account.nowMs + 7 * DAY_MS;
    // Ten dollars an hour for nine days: two of them after the end.
    await db.transaction().execute((trx) =>
      storeSpend(trx, {
        accountId: account.accountId,
        zone: 'UTC',
        knownFromMs: account.nowMs,
        rows: Array.from({ length: 9 * 24 }, (_, hour) => ({
          objectId: id,
          hourMs: firstHour + hour * HOUR_MS,
          spendMicros: micros(10_000_000),
          impressions: 1,
          clicks: 1,
        })),
      }),
    );
    const buy = (clickedMs: number, counted = true, event = 'purchase') =>
      sql`
      insert into conversion (id, workspace_id, source_id, account_id, object_id, campaign_id, click_id, clicked_at, event,
                              event_type, status, value_micros, event_at, received_at, attribution, counted,
                              first_postback_id, last_postback_id)
      values (${randomUUID()}, ${account.workspaceId}, 's', ${account.accountId}, ${id}, ${account.campaignId}, 'c',
              ${new Date(clickedMs)}, ${event}, 'event', 'approved', 40000000, ${new Date(clickedMs)},
              ${new Date(clickedMs)}, 'click', ${counted}, ${randomUUID()}, ${randomUUID()})`.execute(db);
    await buy(firstHour - 1);
    await buy(firstHour);
    await buy(firstHour + 3 * DAY_MS);
    await buy(firstHour + 3 * DAY_MS, false);
    await buy(firstHour + 3 * DAY_MS, true, 'lead');
    await buy(endMs + HOUR_MS);
    const nowMs = endMs + 40 * DAY_MS;
    await reportedTo(nowMs);

    const [report, none] = await loadHoldout(db, { workspaceId: account.workspaceId, nowMs });
    expect(none).toBeUndefined();
    const hours = (endMs - firstHour) / HOUR_MS;
    expect(report).toMatchObject({
      accountId: account.accountId,
      currency: 'USD',
      counts: { due: 1, held: 1, running: 0, share: SHARE },
      held: [
        { objectName: 'Zen', event: 'purchase', ended: true, conversions: 2, value: 80, onTarget: false },
      ],
      estimates: { held: 1, judged: 1, onTarget: 0 },
    });
    // The last hour began within the holding; forty days later all of it has matured.
    const spent = Math.ceil(hours) * 10;
    expect(report?.held[0]?.spend).toBe(spent);
    expect(report?.held[0]?.matured).toBeCloseTo(spent, 6);
    expect(report?.held[0]?.due).toBeCloseTo(spent / 30, 6);
    expect(report?.estimates.efficiency?.value).toBeCloseTo(2 / (spent / 30), 9);
    expect(report?.estimates.savedPerPause?.value).toBeCloseTo(spent - 60, 6);

    const half = await loadHoldout(db, {
      workspaceId: account.workspaceId,
      nowMs: account.nowMs + 3 * DAY_MS,
    });
    expect(half[0]).toMatchObject({ counts: { running: 1 }, held: [{ ended: false, onTarget: null }] });
    // A day without postbacks tells nothing of the object: neither its spend nor the conversion that did come counts.
    await db
      .insertInto('outage')
      .values({
        account_id: account.accountId,
        started_at: new Date(firstHour + 3 * DAY_MS - HOUR_MS / 2),
        detected_at: new Date(firstHour + 3 * DAY_MS + HOUR_MS),
        ended_at: new Date(firstHour + 4 * DAY_MS - HOUR_MS),
        ended_by: 'recovered',
        expected: 20,
        seen: 0,
      })
      .execute();
    const [silent] = await loadHoldout(db, { workspaceId: account.workspaceId, nowMs });
    expect(silent?.held[0]).toMatchObject({ conversions: 1, spend: spent - 240 });
    expect(silent?.estimates.savedPerPause?.value).toBeCloseTo(spent - 240 - 30, 6);

    const elsewhere = { workspaceId: account.workspaceId, accountId: 'another', nowMs };
    expect(await loadHoldout(db, elsewhere)).toEqual([]);
  });
});
