import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { control, SANDBOX_START_MS, testSandbox, type TestSandbox } from '../../support/sandbox.ts';

const HOUR_MS = 3_600_000;
const ACCOUNT = 'act_1202100000000001';
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await testSandbox();
  sandbox.runTo(SANDBOX_START_MS + 12 * HOUR_MS);
});
afterAll(() => sandbox.close());

const page = z.object({
  data: z.array(z.record(z.string(), z.unknown())),
  paging: z.object({ cursors: z.object({ after: z.string() }), next: z.string().optional() }).optional(),
});

async function call(
  path: string,
  options: { method?: string; form?: Record<string, string>; json?: unknown } = {},
) {
  const joint = path.includes('?') ? '&' : '?';
  const answer = await fetch(`${sandbox.url}${path}${joint}access_token=right-token`, {
    method: options.method ?? (options.form || options.json ? 'POST' : 'GET'),
    ...(options.form ? { body: new URLSearchParams(options.form) } : {}),
    ...(options.json
      ? { body: JSON.stringify(options.json), headers: { 'content-type': 'application/json' } }
      : {}),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as unknown };
}

function adset(name: string): string {
  return (
    sandbox.world.settings.find((setting) => setting.level === 'adset' && setting.name === name)?.id ?? ''
  );
}

describe('the sandbox speaks the Graph API', () => {
  it('pages by cursor: next is missing on the last page while a cursor is there', async () => {
    const first = page.parse((await call(`/v26.0/${ACCOUNT}/ads?fields=id&limit=10`)).body);
    const all = [...first.data];
    let last = first;
    while (last.paging?.next !== undefined) {
      last = page.parse(await (await fetch(last.paging.next)).json());
      all.push(...last.data);
    }
    expect(all).toHaveLength(24);
    expect(new Set(all.map((row) => row['id'])).size).toBe(24);
    expect(last.paging?.cursors.after).toBeDefined();
  });

  it('gives only the id without fields, a number beside a string of money with them', async () => {
    expect((await call(`/v26.0/${adset('Yoga C')}`)).body).toEqual({ id: adset('Yoga C') });
    expect((await call(`/v26.0/${adset('Yoga C')}?fields=bid_amount,daily_budget`)).body).toEqual({
      id: adset('Yoga C'),
      bid_amount: 1400,
      daily_budget: '90000',
    });
  });

  it('reports strings by local hour, and no row where nothing was delivered', async () => {
    const range = encodeURIComponent('{"since":"2026-11-09","until":"2026-11-10"}');
    const breakdowns = encodeURIComponent('["hourly_stats_aggregated_by_advertiser_time_zone"]');
    const { body } = await call(
      `/v26.0/${ACCOUNT}/insights?level=adset&time_increment=1&limit=500&fields=adset_id,spend,clicks,actions&time_range=${range}&breakdowns=${breakdowns}`,
    );
    const { data } = page.parse(body);
    expect(data.length).toBeGreaterThan(50);
    expect(data.every((row) => row['date_start'] === '2026-11-10')).toBe(true);
    const ten = data.find(
      (row) =>
        row['adset_id'] === adset('Yoga Broad') &&
        String(row['hourly_stats_aggregated_by_advertiser_time_zone']).startsWith('10:'),
    );
    expect(ten?.['spend']).toMatch(/^\d+\.\d\d$/);
    expect(ten?.['hourly_stats_aggregated_by_advertiser_time_zone']).toBe('10:00:00 - 10:59:59');
    expect(
      data.some((row) => row['actions'] === undefined) || data.every((row) => Array.isArray(row['actions'])),
    ).toBe(true);
  });

  it('takes forms and JSON, with and without a trailing slash, and validates without changing', async () => {
    const id = adset('Yoga B');
    expect((await call(`/v26.0/${id}/`, { form: { status: 'PAUSED' } })).body).toEqual({ success: true });
    expect((await call(`/v24.0/${id}`, { json: { id, status: 'ACTIVE' } })).body).toEqual({ success: true });
    const writes = sandbox.world.writes.length;
    expect(
      (await call(`/v26.0/${id}`, { form: { bid_amount: '9900', execution_options: '["validate_only"]' } }))
        .body,
    ).toEqual({ success: true });
    expect(
      (await call(`/v26.0/${id}`, { form: { bid_amount: '12.5', execution_options: '["validate_only"]' } }))
        .status,
    ).toBe(400);
    expect(sandbox.world.writes.length).toBe(writes);
  });

  it('answers a batch with strings inside, hides failures under 200, and loses a part on demand', async () => {
    const parts = [
      { method: 'GET', relative_url: `${adset('Yoga A')}?fields=name` },
      { method: 'POST', relative_url: adset('Yoga A'), body: 'bid_amount=100' },
      { method: 'GET', relative_url: `v26.0/${adset('Zen A')}?fields=name` },
    ];
    const { status, body } = await call('/v26.0/', { form: { batch: JSON.stringify(parts) } });
    const answers = z.array(z.object({ code: z.number(), body: z.string() })).parse(body);
    expect(status).toBe(200);
    expect(answers.map((answer) => answer.code)).toEqual([200, 400, 200]);
    expect(JSON.parse(answers[0]?.body ?? '')).toEqual({ id: adset('Yoga A'), name: 'Yoga A' });
    await control(sandbox, 'faults', { kind: 'null_batch_part' });
    expect((await call('/v26.0/', { form: { batch: JSON.stringify(parts.slice(0, 1)) } })).body).toEqual([
      null,
    ]);
    const many = Array.from({ length: 51 }, () => parts[0]);
    expect((await call('/v26.0/', { form: { batch: JSON.stringify(many) } })).status).toBe(400);
  });

  it('makes a report run readable only when it is completed', async () => {
    const { body } = await call(`/v26.0/${ACCOUNT}/insights`, {
      form: { level: 'campaign', fields: 'campaign_id,spend', date_preset: 'today' },
    });
    const run = z.object({ report_run_id: z.string() }).parse(body).report_run_id;
    expect((await call(`/v26.0/${run}/insights`)).status).toBe(400);
    const states = [];
    for (let look = 0; look < 3; look += 1) states.push((await call(`/v26.0/${run}`)).body);
    expect(states).toMatchObject([
      { async_status: 'Job Not Started' },
      { async_status: 'Job Running' },
      { async_status: 'Job Completed', async_percent_completion: 100 },
    ]);
    expect(page.parse((await call(`/v26.0/${run}/insights`)).body).data).toHaveLength(3);
  });

  it('pausing a campaign changes what is true of its children, not what was set', async () => {
    const campaign =
      sandbox.world.settings.find((setting) => setting.name === 'UK Calm Retargeting')?.id ?? '';
    await call(`/v26.0/${campaign}`, { form: { status: 'PAUSED' } });
    expect((await call(`/v26.0/${adset('Calm 7d')}?fields=status,effective_status`)).body).toMatchObject({
      status: 'ACTIVE',
      effective_status: 'CAMPAIGN_PAUSED',
    });
    const paused = page.parse(
      (
        await call(
          `/v26.0/${ACCOUNT}/adsets?fields=name&effective_status=${encodeURIComponent('["CAMPAIGN_PAUSED"]')}`,
        )
      ).body,
    );
    expect(paused.data).toHaveLength(3);
    await call(`/v26.0/${campaign}`, { form: { status: 'ACTIVE' } });
  });

  it('says what it cannot read: versions, paths, broken JSON, unknown accounts', async () => {
    expect((await call(`/v19.0/${ACCOUNT}`)).body).toMatchObject({ error: { code: 2635 } });
    expect((await call(`/v26.0/${ACCOUNT}/nonsense`)).body).toMatchObject({ error: { code: 2500 } });
    expect((await call('/v26.0/act_999/ads')).body).toMatchObject({
      error: { code: 100, error_subcode: 33 },
    });
    expect((await call(`/v26.0/${ACCOUNT}/insights?time_range=%7Bbroken`)).body).toMatchObject({
      error: { code: 100 },
    });
    const broken = await fetch(`${sandbox.url}/v26.0/${adset('Yoga A')}?access_token=right-token`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(await broken.json()).toMatchObject({ error: { code: 100 } });
  });

  it('shows rising use in its headers', async () => {
    const read = async () =>
      z
        .object({ acc_id_util_pct: z.number() })
        .parse(JSON.parse((await call(`/v26.0/${ACCOUNT}`)).headers.get('x-ad-account-usage') ?? ''))
        .acc_id_util_pct;
    const before = await read();
    for (let count = 0; count < 30; count += 1) await read();
    expect(await read()).toBeGreaterThan(before);
  });

  it('refuses faults and edits it does not know', async () => {
    expect(await control(sandbox, 'faults', { kind: 'earthquake' })).toHaveProperty('error');
    expect(await control(sandbox, 'human-edit', { id: '1', status: 'PAUSED' })).toHaveProperty('error');
    expect(await control(sandbox, 'human-edit', { id: adset('Yoga A') })).toHaveProperty('error');
  });
});

/** Meta's own client: what it sends and understands is not of our making. */
describe("Meta's own SDK against the sandbox", () => {
  interface Row {
    readonly id: string;
    readonly name?: string;
    readonly spend?: string;
    update(fields: string[], params: object): Promise<unknown>;
    get(fields: string[]): Promise<Row & Record<string, unknown>>;
  }
  interface Edge extends Array<Row> {
    hasNext(): boolean;
    next(): Promise<Edge>;
  }
  interface Sdk {
    FacebookAdsApi: { init(token: string, locale: string, crashLog: boolean): unknown; GRAPH: string };
    AdAccount: new (id: string) => {
      getAdSets(fields: string[], params: object): Promise<Edge>;
      getInsights(fields: string[], params: object): Promise<Edge>;
    };
    AdSet: new (id: string) => Row;
  }
  const sdk = createRequire(import.meta.url)('facebook-nodejs-business-sdk') as Sdk;

  beforeAll(() => {
    Object.defineProperty(sdk.FacebookAdsApi, 'GRAPH', { get: () => sandbox.url });
    sdk.FacebookAdsApi.init('right-token', 'en_US', false);
  });

  it('lists ad sets through its cursor', async () => {
    let edge = await new sdk.AdAccount(ACCOUNT).getAdSets(['name', 'status', 'bid_amount'], { limit: 5 });
    const names = edge.map((row) => row.name);
    while (edge.hasNext()) {
      edge = await edge.next();
      names.push(...edge.map((row) => row.name));
    }
    expect(names).toHaveLength(12);
    expect(new Set(names)).toContain('Yoga LAL 2%');
  });

  it('reads insights', async () => {
    const rows = await new sdk.AdAccount(ACCOUNT).getInsights(['campaign_id', 'spend'], {
      level: 'campaign',
      date_preset: 'today',
    });
    expect(rows).toHaveLength(3);
    expect(Number(rows[0]?.spend)).toBeGreaterThan(0);
  });

  it('updates and reads back, and understands a refusal', async () => {
    const set = new sdk.AdSet(adset('Zen B'));
    await set.update([], { bid_amount: 1500, status: 'PAUSED' });
    expect(await set.get(['bid_amount', 'status'])).toMatchObject({ bid_amount: 1500, status: 'PAUSED' });
    await expect(new sdk.AdSet(adset('Zen A')).update([], { bid_amount: 1500 })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('bid amount'),
    });
  });
});
