import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Visit } from '../../../src/sandbox/market/market.ts';
import { samplePlan } from '../../../src/sandbox/market/sample-plan.ts';
import { Visitors } from '../../../src/sandbox/visitors.ts';

const plan = samplePlan(1);
let tracker: FastifyInstance;
let base: string;
let clicks: Record<string, string>[];
let postbacks: Record<string, string>[];
let answer: { click: number; postback: number };

beforeEach(async () => {
  clicks = [];
  postbacks = [];
  answer = { click: 302, postback: 200 };
  tracker = fastify();
  tracker.get<{ Querystring: Record<string, string> }>('/c/link', (request, reply) => {
    clicks.push(request.query);
    if (answer.click !== 302) return reply.code(answer.click).send('');
    return reply.redirect(`https://shop.example/start?click_id=id-${clicks.length}`);
  });
  tracker.get<{ Querystring: Record<string, string> }>('/p/shop/key', (request, reply) => {
    postbacks.push(request.query);
    return reply.code(answer.postback).send('{}');
  });
  await tracker.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(tracker.server.address() as AddressInfo).port}`;
});
afterEach(() => tracker.close());

function crowd(address = base): Visitors {
  return new Visitors({
    target: {
      clickUrl: `${address}/c/link`,
      postbackUrl: `${address}/p/shop/key`,
      urlTags: 'ad_id={{ad.id}}&adset={{adset.name}}&placement={{placement}}',
    },
    plan,
    seed: 1,
  });
}

const visit = (number: number, purchaseMs: number | null = null): Visit => ({
  ad: number % plan.ads.length,
  atMs: 1_000,
  key: `${number % plan.ads.length}-7-${number}`,
  purchase: purchaseMs === null ? null : { atMs: purchaseMs, valueMicros: 31_200_000 },
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 8_000; !holds();) {
    if (Date.now() > end) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('simulated visitors', () => {
  it("come with the network's macros filled and its click id added, now and then with one unfilled", async () => {
    const visitors = crowd();
    visitors.admit(Array.from({ length: 600 }, (_, number) => visit(number)));
    await until('600 clicks', () => {
      visitors.pump(0, 0);
      return clicks.length === 600;
    });
    const filled = clicks.filter((click) => !Object.values(click).some((value) => value.includes('{{')));
    expect(filled.length).toBeLessThan(600);
    expect(filled.length).toBeGreaterThan(580);
    const ids = new Set(plan.ads.map((ad) => ad.id));
    expect(
      filled.every((click) => ids.has(click['ad_id'] ?? '') && click['fbclid']?.startsWith('IwSim')),
    ).toBe(true);
    expect(new Set(clicks.map((click) => click['fbclid'])).size).toBe(600);
    await visitors.close();
  });

  it('report a purchase when it is due, with the click id they were given', async () => {
    const visitors = crowd();
    visitors.admit([visit(1, 50_000)]);
    await until('the visit', () => {
      visitors.pump(10_000, 0);
      return visitors.state.postbacks.length > 0;
    });
    visitors.pump(49_999, 0);
    expect(postbacks).toEqual([]);
    await until('the postback', () => {
      visitors.pump(4 * 3_600_000, 0);
      return visitors.count.postbacksSent > 0;
    });
    expect(postbacks[0]).toEqual({
      click_id: 'id-1',
      event: 'purchase',
      txid: 'order-1-1-7-1',
      amount: '31.20',
      currency: 'USD',
      event_time: '50',
    });
    await visitors.close();
  });

  it('keep a postback that got no 2xx to 4xx and send it again later', async () => {
    const visitors = crowd();
    answer.postback = 503;
    visitors.admit([visit(1, 1)]);
    await until('the first attempt', () => {
      visitors.pump(4 * 3_600_000, 0);
      return postbacks.length === 1 && visitors.state.postbacks.length === 1;
    });
    visitors.pump(4 * 3_600_000, 500);
    expect(postbacks).toHaveLength(1);
    answer.postback = 200;
    await until('the second attempt', () => {
      visitors.pump(4 * 3_600_000, 1_000);
      return visitors.count.postbacksSent === 1;
    });
    expect(postbacks[1]).toEqual(postbacks[0]);
    await visitors.close();
  });

  it('are not sent again after a refusal or "duplicate"', async () => {
    const visitors = crowd();
    answer.postback = 409;
    visitors.admit([visit(1, 1)]);
    await until('the answer', () => {
      visitors.pump(4 * 3_600_000, 0);
      return visitors.count.postbacksSent === 1;
    });
    expect(visitors.state.postbacks).toEqual([]);
    expect(visitors.count.postbacksRefused).toBe(0);
    await visitors.close();
  });

  it('try the page a few times and give up', async () => {
    answer.click = 503;
    const visitors = crowd();
    visitors.admit([visit(1, 1)]);
    await until('the fifth try', () => {
      visitors.pump(0, 0);
      return visitors.count.lost === 1;
    });
    expect(clicks).toHaveLength(5);
    expect(visitors.state.postbacks).toEqual([]);
    await visitors.close();
  });
});
