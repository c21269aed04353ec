import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Fault, Faults } from '../faults.ts';
import { deadToken, editQuota, GraphError, invalid, rateLimited } from './errors.ts';
import { answer, type GraphAnswer, type GraphCall, type GraphContext } from './graph.ts';
import { jsonParam, type Params } from './params.ts';
import type { Quota } from './quota.ts';

const OLDEST_VERSION = 24;
const MAX_BATCH = 50;

export interface MetaRoutesOptions {
  /** At least one; a call belongs to the one whose access token it shows. */
  readonly accounts: readonly { readonly context: GraphContext; readonly quota: Quota }[];
  readonly faults: Faults;
  readonly wallNowMs: () => number;
}

/** Meta's Graph API under `/v24.0` and newer: query, form or JSON parameters, with or without a trailing slash. */
export function registerMeta(app: FastifyInstance, options: MetaRoutesOptions): void {
  // The batch goes to the version itself, which a trailing slash does not change.
  for (const path of ['/:version', '/:version/*']) {
    app.all<{ Params: { version: string; '*'?: string } }>(path, (request, reply) =>
      serve(options, request, reply),
    );
  }
}

type GraphRequest = FastifyRequest<{ Params: { version: string; '*'?: string } }>;

async function serve(
  options: MetaRoutesOptions,
  request: GraphRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const params = paramsOf(request);
  const { context, quota } = ofToken(options.accounts, params['access_token']);
  const { version } = request.params;
  const path = (request.params['*'] ?? '').split('/').filter(Boolean);
  const write = request.method !== 'GET';
  const wallMs = options.wallNowMs();

  const number = Number(/^v(\d+)\.\d+$/.exec(version)?.[1]);
  if (!(number >= OLDEST_VERSION)) {
    return send(
      reply,
      refuse(
        new GraphError(
          2635,
          `(#2635) You are calling a deprecated version of the Ads API: ${version}. Please update to v26.0.`,
        ),
      ),
    );
  }
  const fault = options.faults.take({ write, path: `/${path.join('/')}` });
  const broken = fault && beforeHandling(fault);
  if (broken === 'html')
    return reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>');
  if (broken) return send(reply, broken);

  const affordable = quota.spend(write, wallMs);
  void reply.headers(quota.headers(context.account.id));
  if (!affordable) return send(reply, refuse(rateLimited()));
  if (fault?.kind === 'slow') await pause(fault.delayMs);

  const call: GraphCall = {
    method: request.method === 'POST' ? 'POST' : request.method === 'DELETE' ? 'DELETE' : 'GET',
    path,
    params,
    base: `${request.protocol}://${request.host}/${version}`,
    wallMs,
  };
  const answered = call.method === 'POST' && path.length === 0 ? batch(context, call) : answer(context, call);
  if (fault?.kind === 'withhold_answer' || fault?.kind === 'cut_after_acceptance') {
    // Accepted and logged above; what the caller sees is a silent or broken line.
    if (fault.kind === 'withhold_answer') await pause(fault.delayMs);
    request.raw.socket.destroy();
    return reply.hijack();
  }
  return send(reply, answered);
}

/** An unknown token is told so by the first account. */
function ofToken(
  accounts: MetaRoutesOptions['accounts'],
  token: unknown,
): MetaRoutesOptions['accounts'][number] {
  const found = accounts.find(({ context }) => context.account.token === token) ?? accounts[0];
  if (found === undefined) throw new Error('a network without an account');
  return found;
}

function beforeHandling(fault: Fault): GraphAnswer | 'html' | null {
  switch (fault.kind) {
    case 'rate':
      return refuse(rateLimited());
    case 'edit_quota':
      return refuse(editQuota());
    case 'auth':
      return refuse(deadToken());
    case 'server_error':
      return refuse(
        new GraphError(2, 'Service temporarily unavailable', { httpStatus: 500, isTransient: true }),
      );
    case 'html_502':
      return 'html';
    case 'slow':
    case 'withhold_answer':
    case 'cut_after_acceptance':
    case 'null_batch_part':
    case 'fail_report_run':
      return null;
  }
}

function refuse(error: GraphError): GraphAnswer {
  return { status: error.httpStatus, body: error.body('AsimulatedFault'), written: null };
}

function send(reply: FastifyReply, answered: GraphAnswer): FastifyReply {
  if (answered.traceId !== undefined) void reply.header('x-fb-trace-id', answered.traceId);
  return reply.code(answered.status).type('application/json; charset=UTF-8').send(answered.body);
}

function paramsOf(request: FastifyRequest): Params {
  const query = isRecord(request.query) ? request.query : {};
  const body = isRecord(request.body) ? request.body : {};
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return { ...(bearer ? { access_token: bearer } : {}), ...query, ...body };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Up to 50 calls in one; the outer answer is 200 whatever happened inside, and bodies are strings. */
function batch(context: GraphContext, call: GraphCall): GraphAnswer {
  try {
    const parts = jsonParam(call.params, 'batch');
    if (!Array.isArray(parts)) throw invalid('The parameter batch is required', undefined, 'batch');
    if (parts.length > MAX_BATCH)
      throw new GraphError(100, '(#100) Too many requests in batch message. Maximum batch size is 50', {
        type: 'GraphBatchException',
      });
    return { status: 200, body: parts.map((part: unknown) => batchPart(context, call, part)), written: null };
  } catch (error) {
    if (error instanceof GraphError) return refuse(error);
    throw error;
  }
}

function batchPart(context: GraphContext, outer: GraphCall, part: unknown): unknown {
  if (!isRecord(part) || typeof part['relative_url'] !== 'string')
    throw invalid('Each batch part needs method and relative_url');
  const url = new URL(part['relative_url'], 'http://part.invalid/');
  const path = url.pathname.split('/').filter(Boolean);
  const method = part['method'] === 'POST' ? 'POST' : part['method'] === 'DELETE' ? 'DELETE' : 'GET';
  const body = typeof part['body'] === 'string' ? Object.fromEntries(new URLSearchParams(part['body'])) : {};
  const inner = answer(context, {
    ...outer,
    method,
    path: /^v\d+\.\d+$/.test(path[0] ?? '') ? path.slice(1) : path,
    params: { access_token: outer.params['access_token'], ...Object.fromEntries(url.searchParams), ...body },
  });
  // A part that timed out inside the network: perhaps done, perhaps not.
  if (context.faults.take({ write: method !== 'GET', path: url.pathname }, ['null_batch_part'])) return null;
  return {
    code: inner.status,
    headers: [{ name: 'Content-Type', value: 'application/json; charset=UTF-8' }],
    body: JSON.stringify(inner.body),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
