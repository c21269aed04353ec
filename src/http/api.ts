import { createRequire } from 'node:module';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ZodError } from 'zod';
import {
  type DecisionsAnswer,
  type HealthAnswer,
  decisionsQuerySchema,
  type ObjectsAnswer,
  objectsQuerySchema,
  type StatusAnswer,
  workspaceQuerySchema,
} from '../contract/api.ts';
import type { ClockView } from '../contract/live.ts';
import { loadClock } from '../db/clock.ts';
import { recentDecisions } from '../db/live-lines.ts';
import { listWorkspaces, loadAdSetTable } from '../db/live-table.ts';
import { messageOf } from '../errors.ts';
import { readStatus } from '../runtime/status-file.ts';
import { accessRequest, apiAccess, sendRefusal } from './api-access.ts';
import type { ApiDeps } from './api-deps.ts';
import { adSetRow } from './ad-set-row.ts';
import { createEngineReader, engineView } from './engine-view.ts';
import { createHealth } from './health.ts';
import { registerLive } from './live.ts';
import { createScoreReader } from './live-score.ts';
import { createMetrics } from './metrics.ts';
import { registerPage } from './static.ts';

const VERSION: string = createRequire(import.meta.url)('../../package.json').version;

/** A request that names something that is not there. */
class NotFound extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * The page at `/`, the API under `/api`, `/metrics` and `/health`. The API reads facts and changes nothing.
 *
 * @param deps the server's; nothing here waits for the database before the first request.
 */
export async function registerApi(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const engine = createEngineReader(() => readStatus(deps.dataDir), deps.wallNowMs);
  const { db } = deps;

  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({
      status: 'refused',
      reason: 'unknown_address',
      message: `There is nothing at ${request.method} ${request.url.split('?')[0]}. The page is at /; postbacks go to /p/<source>, clicks to /c/<link>.`,
    });
  });

  const health = createHealth(db, deps.wallNowMs);
  app.get('/health', async () => {
    const database = await databaseState(db);
    return { status: 'up', version: VERSION, database, ...(database === 'up' ? await health.brief() : {}) };
  });

  await app.register(async (api) => {
    api.addHook('onRequest', async (request, reply) => {
      const access = apiAccess(accessRequest(request), deps.apiToken ?? null);
      if (!access.allowed) return sendRefusal(reply, access);
      return undefined;
    });
    api.setErrorHandler((error, request, reply) => sendError(error, request, reply));

    registerLive(api, deps, {
      db,
      version: VERSION,
      wallNowMs: deps.wallNowMs,
      engine,
      score: createScoreReader(deps.wallNowMs),
      temporalNamespace: deps.temporalNamespace ?? 'default',
    });

    const metrics = createMetrics(deps);
    api.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );

    api.get('/api/clock', async (request): Promise<ClockView> => {
      const { workspace } = workspaceQuerySchema.parse(request.query);
      const all = await listWorkspaces(db);
      const found = all.find((one) => (workspace === undefined ? one.simulated : one.id === workspace));
      if (!found) throw notThere(workspace, 'There is no simulated workspace here.');
      return { workspaceId: found.id, ...(await loadClock(db, found.id)) };
    });

    api.get('/api/status', async (): Promise<StatusAnswer> => {
      const database = await databaseState(db);
      const workspaces = database === 'up' ? await listWorkspaces(db) : [];
      return {
        version: VERSION,
        database,
        engine: engineView(engine(), { rows: 0, oldestSeconds: 0 }),
        workspaces: workspaces.map((one) => ({
          id: one.id,
          name: one.name,
          simulated: one.simulated,
          halted: one.halted_at === null ? null : (one.halt_reason ?? 'No reason was given.'),
        })),
      };
    });

    api.get('/api/health', async (request): Promise<HealthAnswer> => {
      const { workspace } = workspaceQuerySchema.parse(request.query);
      return await health.of(await workspaceOf(workspace));
    });

    api.get('/api/objects', async (request): Promise<ObjectsAnswer> => {
      const query = objectsQuerySchema.parse(request.query);
      const workspace = await workspaceOf(query.workspace);
      const table = await loadAdSetTable(db, workspace);
      return {
        workspace,
        event: table.event,
        adSets: table.adSets.slice(0, query.limit).map((fact) => adSetRow(fact, table.accounts > 1)),
        total: table.adSets.length,
      };
    });

    api.get('/api/decisions', async (request): Promise<DecisionsAnswer> => {
      const query = decisionsQuerySchema.parse(request.query);
      const workspace = await workspaceOf(query.workspace);
      const facts = await recentDecisions(db, workspace, {
        limit: query.limit,
        keeps: query.keeps,
        ...(query.object === undefined ? {} : { objectId: query.object }),
      });
      return {
        workspace,
        decisions: facts.map((fact) => ({
          id: fact.id,
          objectId: fact.objectId,
          object: fact.objectName,
          level: fact.level,
          network: fact.network,
          strategy: fact.strategy,
          rule: fact.rule,
          verdict: fact.verdict,
          reason: fact.reason,
          sentence: fact.sentence,
          mode: fact.mode,
          outcome: fact.outcome,
          outcomeDetail: fact.outcomeDetail,
          undoes: fact.undoes,
          decidedAtMs: fact.atMs,
        })),
      };
    });
  });

  await registerPage(app, {
    secure: deps.publicUrl?.startsWith('https:') === true,
    ...(deps.pageRoot === undefined ? {} : { root: deps.pageRoot }),
  });

  async function workspaceOf(wanted: string | undefined): Promise<string> {
    const all = await listWorkspaces(db);
    const found = all.find((one) => wanted === undefined || one.id === wanted);
    if (!found) throw notThere(wanted, 'There is no workspace yet. Make one with `./bidloop workspace add`.');
    return found.id;
  }
}

function notThere(wanted: string | undefined, none: string): NotFound {
  if (wanted === undefined) return new NotFound('no_workspace', none);
  return new NotFound(
    'unknown_workspace',
    `There is no workspace "${wanted}". \`./bidloop workspace list\` names those there are.`,
  );
}

/** A load balancer must not take visitors' redirects away because the database is: the process is up, and says so. */
async function databaseState(db: ApiDeps['db']): Promise<'up' | 'away'> {
  try {
    await db.selectFrom('workspace').select('id').limit(1).execute();
    return 'up';
  } catch {
    return 'away';
  }
}

async function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (error instanceof ZodError) {
    const first = error.issues[0];
    const where = first?.path.join('.') ?? 'the query';
    await reply.code(400).send({
      status: 'refused',
      reason: 'bad_query',
      message: `The parameter "${where}" cannot be used: ${first?.message ?? 'its value is unknown'}.`,
    });
  } else if (error instanceof NotFound) {
    await reply.code(404).send({ status: 'refused', reason: error.reason, message: error.message });
  } else {
    request.log.error({ err: error as FastifyError, url: request.url }, 'the API could not answer');
    await reply
      .code(503)
      .header('retry-after', '2')
      .send({
        status: 'failed',
        reason: 'not_answered',
        message: `The answer could not be made: ${messageOf(error)}. Ask again; \`./bidloop status\` shows what runs.`,
      });
  }
}
