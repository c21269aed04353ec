import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SandboxAccount } from './account.ts';
import { type Faults, faultSchema } from './faults.ts';
import { humanEdit } from './meta/write.ts';

const editSchema = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  status: z.enum(['ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED']).optional(),
  bidMicros: z.int().min(0).nullable().optional(),
  dailyBudgetMicros: z.int().min(0).nullable().optional(),
});

const restateSchema = z.strictObject({
  adId: z.string().optional(),
  fromMs: z.number(),
  toMs: z.number(),
  factor: z.number().min(0).max(10),
});

export interface ControlOptions {
  readonly accounts: readonly SandboxAccount[];
  readonly faults: Faults;
  /** Lets the market run up to now. */
  readonly beforeWrite: () => void;
  readonly wallNowMs: () => number;
}

/** What no network offers: faults on demand, the write log, the score, a person's edit, corrections of reported spend. */
export function registerControl(app: FastifyInstance, options: ControlOptions): void {
  const { accounts, faults } = options;
  app.get('/_sandbox/state', () => ({
    accounts: accounts.map(({ facts, world, visitors }) => ({
      id: facts.id,
      marketMs: world.market.nowMs,
      seed: world.seed,
      objects: world.settings,
      profit: world.profit,
      visitors: visitors(),
    })),
    faults: faults.list(),
  }));
  app.get('/_sandbox/score', () => ({ accounts: accounts.map((account) => account.score()) }));
  app.get('/_sandbox/writes', () => ({
    writes: accounts.flatMap(({ world }) => world.writes).toSorted((a, b) => a.wallMs - b.wallMs),
  }));
  app.get('/_sandbox/faults', () => ({ faults: faults.list() }));
  app.post('/_sandbox/faults', (request, reply) => {
    const read = z.union([faultSchema, z.array(faultSchema)]).safeParse(request.body);
    if (!read.success) return reply.code(400).send({ error: z.prettifyError(read.error) });
    for (const fault of Array.isArray(read.data) ? read.data : [read.data]) faults.arm(fault);
    return { faults: faults.list() };
  });
  app.delete('/_sandbox/faults', () => {
    faults.clear();
    return { faults: [] };
  });
  app.post('/_sandbox/human-edit', (request, reply) => {
    const read = editSchema.safeParse(request.body);
    if (!read.success) return reply.code(400).send({ error: z.prettifyError(read.error) });
    const { id, ...change } = read.data;
    for (const account of accounts) {
      const setting = account.world.settings.find((candidate) => candidate.id === id);
      if (!setting) continue;
      options.beforeWrite();
      const known = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (Object.keys(known).length === 0)
        return reply
          .code(400)
          .send({ error: 'say what to change: name, status, bidMicros or dailyBudgetMicros' });
      const written = humanEdit(account.world, setting, known, {
        wallMs: options.wallNowMs(),
        marketMs: account.marketNowMs(),
      });
      account.keepWrite(written);
      return { written };
    }
    return reply.code(404).send({ error: `no campaign, ad set or ad has the id ${id}` });
  });
  app.post('/_sandbox/restate', (request, reply) => {
    const read = restateSchema.safeParse(request.body);
    if (!read.success) return reply.code(400).send({ error: z.prettifyError(read.error) });
    const { adId, ...range } = read.data;
    const touched = accounts.flatMap(({ world }) => {
      const ad = adId === undefined ? null : world.plan.ads.findIndex((candidate) => candidate.id === adId);
      return ad === -1 ? [] : [{ world, ad }];
    });
    if (touched.length === 0) return reply.code(404).send({ error: `no ad has the id ${String(adId)}` });
    for (const { world, ad } of touched) world.books.corrections.push({ ad, ...range });
    return { corrections: touched.flatMap(({ world }) => world.books.corrections) };
  });
}
