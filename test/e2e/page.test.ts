import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServerDeps } from '../../src/http/deps.ts';
import { buildServer } from '../../src/http/server.ts';
import { writeStatus } from '../../src/runtime/status-file.ts';
import { openBrowser } from '../support/browser.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { seedDecision, seedKeeps, seedPilot, seedPostback } from '../support/live-facts.ts';
import { type LiveMarket, MARKET_NOW, seedLiveMarket } from '../support/live-market.ts';

const pictures = path.join(tmpdir(), 'bidloop-page');
const dataDir = mkdtempSync(path.join(tmpdir(), 'bidloop-page-test-'));
let database: TestDatabase;
let market: LiveMarket;
let browser: Browser;
let server: FastifyInstance | undefined;
let port = 0;

/** The real server on a real socket; always the same port, so that a restarted one is found again. */
async function startServer(): Promise<void> {
  const app = buildServer(
    createServerDeps({
      databaseUrl: database.url,
      dataDir,
      fallbackUrl: null,
      publicUrl: null,
      secretKey: null,
      log: pino({ level: 'silent' }),
      wallNowMs: Date.now,
    }),
  );
  await app.listen({ host: '127.0.0.1', port });
  port = (app.server.address() as AddressInfo).port;
  server = app;
}

async function stopServer(): Promise<void> {
  await server?.close();
  server = undefined;
}

async function openPage(options: { width?: number; dark?: boolean } = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1360, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(`http://127.0.0.1:${port}/`);
  return page;
}

/** The colours near the left and the right end of an element, as they were painted. */
async function endColours(page: Page, element: Locator): Promise<readonly [string, string]> {
  const picture = (await element.screenshot()).toString('base64');
  return await page.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob('${picture}'), (one) => one.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    const at = (x) => context.getImageData(x, Math.floor(image.height / 2), 1, 1).data.join();
    return [at(4), at(image.width - 5)];
  })()`);
}

beforeAll(async () => {
  execFileSync('npx', ['vite', 'build', '--logLevel', 'error'], { stdio: 'inherit' });
  database = await testDatabase();
  market = await seedLiveMarket(database.db, Date.now());
  browser = await openBrowser();
  await startServer();
});

afterAll(async () => {
  await browser?.close();
  await stopServer();
  await database?.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the live page in a real browser', () => {
  it('says while the optimizer is being built that postbacks are kept, and stops saying so when it is ready', async () => {
    const status = {
      updatedAtMs: Date.now(),
      parts: [],
      optimizer: {
        state: 'preparing',
        text: 'building Temporal, package 812 of 1700',
        next: '',
        secondsLeft: 160,
      },
      links: { page: null, temporalUi: 'http://127.0.0.1:8233' },
    } as const;
    writeStatus(dataDir, status);
    const page = await openPage();
    await page
      .getByText('Postbacks are kept safely, not yet judged. Optimizer ready in about 2:40.')
      .waitFor();
    await page.getByText('building Temporal, package 812 of 1700').waitFor();
    await page.screenshot({ path: path.join(pictures, 'building.png') });
    // A start that has only begun already shows in the bar.
    const [left, right] = await endColours(page, page.getByRole('progressbar'));
    expect(left).not.toBe(right);
    writeStatus(dataDir, {
      ...status,
      optimizer: {
        state: 'unavailable',
        text: 'the optimizer needs a Temporal server',
        next: 'Put `temporal` on the PATH.',
        secondsLeft: null,
      },
    });
    await page.getByText('The optimizer needs a Temporal server. Put temporal on the PATH.').waitFor();
    await page.locator('code', { hasText: 'temporal' }).waitFor();

    writeStatus(dataDir, { ...status, optimizer: { state: 'ready', text: '', next: '', secondsLeft: null } });
    await page.getByText('not yet judged').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('shows a postback as its sentence, and the same line again in other words once it is judged', async () => {
    const page = await openPage();
    await page.getByText('Simulated market. No real money.').waitFor();
    const ids = { sourceId: market.sourceId, workspaceId: market.workspaceId };
    const id = await seedPostback(database.db, {
      ...ids,
      outcome: 'accepted',
      amount: 31.2,
      wallMs: Date.now(),
    });
    const line = page.getByRole('listitem').filter({ hasText: '$31.20 purchase' });
    await line.filter({ hasText: 'kept, not yet judged' }).waitFor();

    const judged = await seedPostback(database.db, {
      ...ids,
      outcome: 'counted',
      amount: 44,
      wallMs: Date.now(),
      adId: market.ads['Yoga 15s']!,
    });
    await page.getByText('$44.00 purchase ← Yoga 15s (Meta)').waitFor();
    expect(judged).not.toBe(id);

    await database.db.updateTable('postback').set({ outcome: 'late' }).where('id', '=', id).execute();
    await page.getByText('$31.20 purchase from sample-tracker came after its attribution window').waitFor();
    expect(await line.count()).toBe(1);
    await page.context().close();
  });

  it('shows a refused postback with its reason, also when its source is unknown', async () => {
    const page = await openPage();
    await seedPostback(database.db, {
      sourceId: 'trakcer',
      workspaceId: null,
      outcome: 'refused',
      reason: 'unknown_source',
      detail: 'There is no source "trakcer". `./bidloop source list` names those there are.',
      wallMs: Date.now(),
    });
    await page.getByText('Refused a postback from trakcer: unknown source').waitFor();
    await page.getByText('There is no source "trakcer".').waitFor();
    await page.context().close();
  });

  it('shows a decision with what became of it, and a keep only in the table', async () => {
    const page = await openPage();
    await seedKeeps(database.db, market, [
      {
        adSet: 'Interest yoga',
        sentence: 'keep Interest yoga: no rule holds; nearest: spend $61.95, $3.05 short of $65.00',
        nearest: 'spend $61.95, $3.05 short of $65.00',
      },
    ]);
    const id = await seedDecision(database.db, {
      market,
      adSet: 'Lookalike 1 %',
      verdict: 'set_bid',
      sentence: 'bid $1.20 → $1.32: 12 purchases, ROAS 1.8 over target 1.5',
      rule: 'scale what buys',
      mode: 'live',
      wallMs: Date.now(),
    });
    const line = page
      .getByRole('listitem')
      .filter({ hasText: 'Lookalike 1 %: bid $1.20 → $1.32: 12 purchases, ROAS 1.8 over target 1.5' });
    await line.filter({ hasText: 'under way' }).waitFor();
    expect(await line.getByRole('link', { name: 'under way' }).getAttribute('href')).toBe(
      `http://127.0.0.1:8233/namespaces/default/workflows/act%3A${id}`,
    );
    await database.db.updateTable('decision').set({ outcome: 'applied' }).where('id', '=', id).execute();
    await line.filter({ hasText: 'done' }).waitFor();

    const row = page.getByRole('row').filter({ hasText: 'Interest yoga' });
    await row.getByText('nearest: spend $61.95, $3.05 short of $65.00').waitFor();
    expect(await row.getByRole('cell').last().innerText()).toMatch(/^keep\s+no rule holds\s+nearest: .*$/);
    expect(await page.getByRole('listitem').filter({ hasText: 'short of' }).count()).toBe(0);
    await page.context().close();
  });

  it('shows undefined as undefined: no CPA where nothing was bought', async () => {
    const page = await openPage();
    const cells = (name: string) =>
      page.getByRole('row').filter({ hasText: name }).getByRole('cell').allInnerTexts();
    await page.getByRole('row').filter({ hasText: 'Lookalike 1 %' }).waitFor();
    expect((await cells('Lookalike 1 %')).slice(1, 5)).toEqual(['$210.40', '12', '$17.53', '1.80']);
    expect((await cells('Interest yoga')).slice(1, 5)).toEqual(['$61.95', '0', '–', '0.00']);
    await page.context().close();
  });

  it('shows how far an autopilot has come with an ad set: stage, evidence, and what it has not learned yet', async () => {
    const page = await openPage();
    await seedPilot(database.db, market, {
      adSet: 'Broad 25–44',
      sentence:
        'keep Broad 25–44: on probation with 33 % of its budget: 1 purchase where 4.9 were due at target; evidence 6 : 1 of 20 : 1',
      pilot: { stage: 'probation', evidence: 6, needed: 20 },
    });
    const row = page.getByRole('row').filter({ hasText: 'Broad 25–44' });
    await row.getByText('probation', { exact: true }).waitFor();
    const bar = row.getByRole('img', { name: 'evidence 6 : 1, pausing needs 20 : 1' });
    await bar.waitFor();
    const [left, right] = await endColours(page, bar);
    expect(left).not.toBe(right);
    // The sentence tells the evidence; the nearest number would only repeat it.
    expect(await row.getByText('nearest:').count()).toBe(0);
    await page.getByText("The autopilot has learned nothing of this account's past yet").waitFor();
    await page.screenshot({ path: path.join(pictures, 'autopilot.png'), fullPage: true });
    await page.context().close();
  });

  it('says above everything else when conversions of an account fail to arrive, and until they are back', async () => {
    const { db } = database;
    const account = `${market.workspaceId}-account`;
    const at = new Date(MARKET_NOW - 3 * 3_600_000);
    await db
      .insertInto('outage')
      .values({
        account_id: account,
        started_at: at,
        detected_at: at,
        ended_at: null,
        ended_by: null,
        expected: 14.2,
        seen: 0,
      })
      .execute();
    const pulse = { measured_at: at, expected: 24.61, seen: 0, hours: 2, dispersion: 1, probability: 0 };
    await db
      .insertInto('account_pulse')
      .values({ account_id: account, ...pulse })
      .execute();
    const page = await openPage();
    const banner = page.getByRole('alert').filter({
      hasText:
        'Sample account: conversions of the account fail to arrive: 0 in the last 2 h where 24.6 were due. Nothing is decided by conversions until they are back.',
    });
    await banner.waitFor();
    expect((await banner.boundingBox())?.y).toBeLessThan(
      (await page.getByRole('heading', { name: 'What happens' }).boundingBox())?.y ?? 0,
    );
    await banner.locator('code', { hasText: `./bidloop learned --account ${account}` }).waitFor();
    await page.screenshot({ path: path.join(pictures, 'silent.png') });
    await db
      .updateTable('outage')
      .set({ ended_at: new Date(MARKET_NOW), ended_by: 'recovered' })
      .execute();
    await banner.waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('says when the connection is lost, comes back by itself and shows what happened meanwhile', async () => {
    const page = await openPage();
    await page.getByText('live', { exact: true }).waitFor();
    await stopServer();
    await page.getByText('connection lost, trying again').waitFor();
    await seedPostback(database.db, {
      sourceId: market.sourceId,
      workspaceId: market.workspaceId,
      outcome: 'counted',
      amount: 99.5,
      wallMs: Date.now(),
      adId: market.ads['Morning flow']!,
    });
    await startServer();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByText('$99.50 purchase ← Morning flow (Meta)').waitFor();
    await page.context().close();
  });

  it('fits a phone, in light and dark', async () => {
    await seedDecision(database.db, {
      market,
      adSet: 'Retargeting 7 days',
      verdict: 'pause',
      sentence: 'pause Retargeting 7 days until tomorrow: no purchase today, $62.10 spent over $60.00',
      rule: 'stop what only costs',
      mode: 'approve',
      wallMs: Date.now(),
    });
    for (const [name, options] of [
      ['light', {}],
      ['dark', { dark: true }],
      ['phone', { width: 390 }],
      ['phone-dark', { width: 390, dark: true }],
    ] as const) {
      const page = await openPage(options);
      await page.getByText('waiting for approval').first().waitFor();
      // A table read by columns stays one, also when it is laid out as cards.
      const row = page.getByRole('row').filter({ hasText: 'Lookalike 1 %' });
      expect(await row.getByRole('cell').count(), name).toBe(6);
      expect(await page.getByRole('columnheader').count(), name).toBe(7);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(overflow, `${name}: wider than the screen`).toBeLessThanOrEqual(0);
      await page.waitForTimeout(700);
      await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
      await page.context().close();
    }
  });
});
