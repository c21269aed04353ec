import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { readSample, sampleMarket } from '../../src/cli/sample-market.ts';
import { liveSnapshotSchema } from '../../src/contract/live.ts';
import { loadNow, resumeClocks } from '../../src/db/clock.ts';
import { storeStrategy } from '../../src/db/strategy.ts';
import { buildServer } from '../../src/http/server.ts';
import { createServerDeps } from '../../src/http/deps.ts';
import { createLog } from '../../src/log.ts';
import { meta } from '../../src/networks/meta/meta.ts';
import { ensureSampleWorkspace, SAMPLE, SAMPLE_ACCOUNTS } from '../../src/runtime/sample-workspace.ts';
import { followClock } from '../../src/sandbox/market-clock.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { score } from '../../src/sandbox/world.ts';
import { readStrategy } from '../../src/strategies/read.ts';
import { eventually, testLoop, type TestLoop } from '../support/loop.ts';
import { SECRET_KEY } from '../support/seed-account.ts';

const STRATEGIES = fileURLToPath(new URL('../../strategies', import.meta.url));
/** Market milliseconds per wall millisecond: an hour in a second and a half. */
const RATE = 2_400;
const folder = mkdtempSync(path.join(os.tmpdir(), 'market-run-'));

let loop: TestLoop;
let server: ReturnType<typeof buildServer>;
let sandbox: Sandbox;
let pageUrl = '';

beforeAll(async () => {
  loop = await testLoop([meta]);
  const { db } = loop;
  server = buildServer(
    createServerDeps({
      databaseUrl: loop.url,
      dataDir: folder,
      fallbackUrl: null,
      publicUrl: null,
      secretKey: SECRET_KEY,
      log: createLog({ level: 'silent', name: 'test' }),
      wallNowMs: () => Date.now(),
    }),
  );
  const options = { config: { marketRate: RATE }, secretKey: SECRET_KEY };
  await ensureSampleWorkspace(db, { ...options, sandboxUrl: 'http://127.0.0.1:1' }, Date.now());
  for (const file of readdirSync(STRATEGIES)) {
    const text = readFileSync(path.join(STRATEGIES, file), 'utf8');
    const read = readStrategy(text, { fileName: file });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    await storeStrategy(db, {
      workspaceId: SAMPLE.workspaceId,
      text,
      document: read.document,
      origin: file,
      nowMs: 0,
    });
  }
  const bidloopUrl = await server.listen({ host: '127.0.0.1', port: 0 });
  pageUrl = bidloopUrl;
  sandbox = await startSandbox({
    ...sampleMarket(await readSample(db, SECRET_KEY), {
      seed: 1,
      stateFolder: path.join(folder, 'sandbox'),
      bidloopUrl,
    }),
    clock: followClock({ bidloopUrl, wallNowMs: () => Date.now(), everyMs: 500 }),
    port: 0,
    wallNowMs: () => Date.now(),
  });
  await ensureSampleWorkspace(db, { ...options, sandboxUrl: sandbox.url }, Date.now());
  await resumeClocks(db, Date.now());
});

afterAll(async () => {
  await sandbox?.close();
  await loop?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a day in the simulated market', () => {
  it("ends with a loser paused and a winner's cap raised on the network's own books", async () => {
    const { db } = loop;
    const writes = () => sandbox.world.writes.filter((written) => written.by === 'api');
    const paused = () => writes().find((written) => written.changes['status']?.to === 'PAUSED');
    const raised = () =>
      writes().find(
        (written) => Number(written.changes['bidMicros']?.to) > Number(written.changes['bidMicros']?.from),
      );
    await eventually(
      'a pause and a raised cap in the write log',
      () => Promise.resolve(paused() !== undefined && raised() !== undefined),
      90_000,
    );

    expect(['Yoga Broad', 'Zen C']).toContain(paused()?.name);
    expect(['bid_cap', 'cost_cap']).toContain(
      sandbox.world.settings.find((setting) => setting.id === raised()?.id)?.bidStrategy,
    );

    // The same in our own record, read back from the network.
    const decision = await eventually(
      'the pause on record',
      () =>
        db
          .selectFrom('decision as d')
          .innerJoin('object as o', 'o.id', 'd.object_id')
          .select(['d.id', 'd.outcome', 'd.sentence', 'o.status', 'o.name'])
          .where('d.verdict', '=', 'pause')
          .where('d.outcome', '=', 'applied')
          .executeTakeFirst(),
      20_000,
    );
    expect(decision.sentence).toContain(decision.name);
    expect(decision.status).toBe('paused');
    const history = await loop.client.workflow.getHandle(`act:${decision.id}`).describe();
    expect(history.type).toBe('pauseObject');
    // Every change at the network is ours and was made once.
    expect(new Set(writes().map((written) => `${written.id} ${JSON.stringify(written.changes)}`)).size).toBe(
      writes().length,
    );
  });

  it('counts every purchase once and every visit, and leaves the twin behind', async () => {
    const { db } = loop;
    const postbacks = await db
      .selectFrom('postback')
      .select(['outcome', 'reason', 'amount_micros'])
      .execute();
    expect(postbacks.length).toBeGreaterThan(10);
    expect(postbacks.filter((postback) => postback.outcome === 'refused')).toEqual([]);
    const conversions = await db
      .selectFrom('conversion')
      .select(['txid', 'counted', 'attributed_by'])
      .execute();
    expect(new Set(conversions.map((conversion) => conversion.txid)).size).toBe(conversions.length);
    expect(
      conversions.every((conversion) => conversion.counted && conversion.attributed_by === 'click'),
    ).toBe(true);
    const clicks = await db.selectFrom('click').select('id').execute();
    expect(clicks.length).toBeGreaterThan(200);
    await eventually(
      'the score to show the pause',
      () => {
        const now = score(sandbox.world);
        return Promise.resolve(now.withBidloopMicros > now.leftAloneMicros);
      },
      30_000,
    );
    expect(await loadNow(db, SAMPLE.workspaceId, Date.now())).toBeGreaterThanOrEqual(
      sandbox.world.market.nowMs,
    );
  });

  it('sees the autopilot pause a loser of the twin account on its evidence, on record as drawn', async () => {
    const { db } = loop;
    const twin = sandbox.accounts[1];
    await eventually(
      "a pause in the twin's write log",
      () =>
        Promise.resolve(
          twin?.world.writes.some(
            (written) => written.by === 'api' && written.changes['status']?.to === 'PAUSED',
          ) === true || undefined,
        ),
      90_000,
    );
    const pause = await eventually(
      'the pause on record',
      () =>
        db
          .selectFrom('decision as d')
          .innerJoin('object as o', 'o.id', 'd.object_id')
          .select(['d.id', 'd.sentence', 'd.evidence', 'd.object_id', 'o.name'])
          .where('d.account_id', '=', SAMPLE_ACCOUNTS[1].accountId)
          .where('d.rule', '=', 'autopilot: pause')
          .where('d.outcome', '=', 'applied')
          .executeTakeFirst(),
      20_000,
    );
    expect(['Yoga Broad Autopilot', 'Zen C Autopilot']).toContain(pause.name);
    expect(pause.sentence).toMatch(
      /where \d+(\.\d)? were due at target; evidence [\d.]+ : 1 that CPA is above \$30\.00/,
    );
    const drawn = await db
      .selectFrom('holdout')
      .selectAll()
      .where('object_id', '=', pause.object_id)
      .executeTakeFirstOrThrow();
    expect(drawn).toMatchObject({ pause_id: pause.id, propensity: 0.03 });
    // What it saw gives the same decision again.
    expect((await explain(db, pause.id)).recomputed).toBe('same');
  });

  it('shows both scores on the page, beside the market left alone', async () => {
    const answer = await fetch(`${pageUrl}/api/live`, { signal: AbortSignal.timeout(20_000) });
    const { score: shown, adSets } = liveSnapshotSchema.parse(await firstMessage(answer)).state;
    expect(shown?.accounts.map((account) => account.label)).toEqual(['rules', 'autopilot']);
    expect(shown?.leftAlone.difference).toBe('$0');
    expect(new Set(adSets.map((row) => row.account))).toEqual(
      new Set(SAMPLE_ACCOUNTS.map((account) => account.name)),
    );
    expect(
      adSets.some((row) => row.verdict?.evidence !== null && row.account === SAMPLE_ACCOUNTS[1].name),
    ).toBe(true);
    // The same people at both: were it not for what was done, profits would be the same to the cent.
    const [rules, autopilot] = sandbox.accounts.map((account) => account.score());
    expect(autopilot?.leftAloneMicros).toBe(rules?.leftAloneMicros);
  });
});

/** The first message of the live stream. */
async function firstMessage(answer: Response): Promise<unknown> {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  for (let text = ''; ;) {
    const part = await reader?.read();
    if (part?.value === undefined) throw new Error(`the live stream ended: ${text}`);
    text += decoder.decode(part.value, { stream: true });
    const data = /^data: (.*)$/m.exec(text);
    if (data?.[1] !== undefined && text.includes('\n\n', data.index)) {
      await reader?.cancel();
      return JSON.parse(data[1]);
    }
  }
}
