import { randomBytes } from 'node:crypto';
import type { Faults } from '../faults.ts';
import type { Setting, World, WriteRecord } from '../world.ts';
import { effectiveStatus, picked, render, renderCreative } from './entities.ts';
import { deadToken, GraphError, invalid, missing } from './errors.ts';
import { insightRows } from './insights.ts';
import { fieldsParam, jsonParam, listParam, pageParams, type Params, textParam } from './params.ts';
import type { ReportRuns } from './report-runs.ts';
import { writeObject } from './write.ts';

export interface AccountFacts {
  /** Digits, without `act_`. */
  readonly id: string;
  readonly name: string;
  readonly token: string;
  /** What the creatives append to their landing page's address. */
  readonly urlTags: string;
  readonly scopes: readonly string[];
}

export interface GraphCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments after the version. */
  readonly path: readonly string[];
  readonly params: Params;
  /** Address of this server with the version, for `paging.next`. */
  readonly base: string;
  readonly wallMs: number;
}

export interface GraphAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly written: WriteRecord | null;
  readonly traceId?: string;
}

export interface GraphContext {
  readonly world: World;
  readonly account: AccountFacts;
  readonly faults: Faults;
  readonly runs: ReportRuns;
  /** Market time now, for quotas and reports. */
  readonly nowMs: () => number;
  /** Lets the market run up to now and keeps each accepted write, before it is answered. */
  readonly beforeWrite: () => void;
  readonly keepWrite: (written: WriteRecord) => void;
}

const OWN_RULES = [
  {
    id: '120210000000030001',
    name: 'Pause ads over $40 CPA',
    status: 'ENABLED',
    evaluation_spec: {
      evaluation_type: 'SCHEDULE',
      filters: [{ field: 'cost_per', value: 4000, operator: 'GREATER_THAN' }],
    },
    execution_spec: { execution_type: 'PAUSE' },
  },
  {
    id: '120210000000030002',
    name: 'Weekend budget raise',
    status: 'DISABLED',
    evaluation_spec: { evaluation_type: 'SCHEDULE', filters: [] },
    execution_spec: { execution_type: 'CHANGE_BUDGET' },
  },
] as const;

/** Answers one call in the Graph API's words; never throws. */
export function answer(context: GraphContext, call: GraphCall): GraphAnswer {
  const traceId = `A${randomBytes(10).toString('base64url')}`;
  try {
    return { ...route(context, call, traceId), traceId };
  } catch (error) {
    if (error instanceof GraphError)
      return { status: error.httpStatus, body: error.body(traceId), written: null };
    throw error;
  }
}

function route(context: GraphContext, call: GraphCall, traceId: string): GraphAnswer {
  const { world, account } = context;
  if (textParam(call.params, 'access_token') !== account.token) throw deadToken();
  const [node = '', edge] = call.path;
  const ok = (body: unknown): GraphAnswer => ({ status: 200, body, written: null });

  if (node === '' && call.method === 'GET') return ok(multiGet(context, call));
  if (node === 'debug_token') {
    return ok({ data: { app_id: '1', is_valid: true, expires_at: 0, scopes: account.scopes } });
  }
  if (node === 'me') {
    if (edge === 'permissions') {
      return ok({ data: account.scopes.map((permission) => ({ permission, status: 'granted' })) });
    }
    return ok({ id: '100000000000001', name: 'Simulated system user' });
  }
  if (node === `act_${account.id}`) return accountNode(context, call, edge);
  if (node.startsWith('act_')) throw missing(node);
  const run = context.runs.find(node);
  if (run) return ok(edge === 'insights' ? page(context.runs.rows(run), call) : context.runs.progress(run));
  const creative = world.plan.creatives.findIndex((candidate) => candidate.id === node);
  if (creative >= 0 && call.method === 'GET')
    return ok(renderCreative(world, creative, fieldsParam(call.params), account));
  const setting = world.settings.find((candidate) => candidate.id === node);
  if (!setting) throw missing(node);
  return objectNode(context, call, { setting, edge, traceId });
}

function objectNode(
  context: GraphContext,
  call: GraphCall,
  at: { setting: Setting; edge: string | undefined; traceId: string },
): GraphAnswer {
  const { world, account } = context;
  const { setting, edge } = at;
  const ok = (body: unknown): GraphAnswer => ({ status: 200, body, written: null });
  if (edge === 'insights' && call.method === 'GET') {
    return ok(
      page(insightRows(world, account, { node: setting, params: call.params, nowMs: context.nowMs() }), call),
    );
  }
  if (edge === 'adsets' || edge === 'ads')
    return ok(list(context, call, edge === 'adsets' ? 'adset' : 'ad', setting));
  if (edge !== undefined) throw new GraphError(2500, `Unknown path components: /${edge}`);
  if (call.method === 'GET') return ok(render(world, setting, fieldsParam(call.params), account));
  context.beforeWrite();
  const params = call.method === 'DELETE' ? { status: 'DELETED' } : call.params;
  const written = writeObject(world, setting, {
    params,
    wallMs: call.wallMs,
    marketMs: context.nowMs(),
    traceId: at.traceId,
  });
  if (written) context.keepWrite(written);
  return { status: 200, body: { success: true }, written };
}

function accountNode(context: GraphContext, call: GraphCall, edge: string | undefined): GraphAnswer {
  const { world, account } = context;
  const ok = (body: unknown): GraphAnswer => ({ status: 200, body, written: null });
  switch (edge) {
    case undefined:
      return ok(
        picked(
          {
            id: `act_${account.id}`,
            account_id: account.id,
            name: account.name,
            currency: world.plan.currency,
            timezone_name: world.plan.timeZone,
            account_status: 1,
            min_daily_budget: 100,
          },
          fieldsParam(call.params),
        ),
      );
    case 'campaigns':
      return ok(list(context, call, 'campaign', null));
    case 'adsets':
      return ok(list(context, call, 'adset', null));
    case 'ads':
      return ok(list(context, call, 'ad', null));
    case 'adcreatives':
      return ok(
        page(
          world.plan.creatives.map((_, index) =>
            renderCreative(world, index, fieldsParam(call.params), account),
          ),
          call,
        ),
      );
    case 'adrules_library':
      return ok(
        page(
          OWN_RULES.map((rule) => picked({ ...rule }, fieldsParam(call.params))),
          call,
        ),
      );
    case 'minimum_budgets':
      return ok({
        data: [
          {
            currency: world.plan.currency,
            min_daily_budget_imp: 100,
            min_daily_budget_low_freq: 4000,
            min_daily_budget_high_freq: 500,
            min_daily_budget_video_views: 100,
          },
        ],
      });
    case 'insights': {
      const rows = insightRows(world, account, { node: null, params: call.params, nowMs: context.nowMs() });
      if (call.method === 'GET') return ok(page(rows, call));
      const failed = context.faults.take({ write: true, path: 'insights' }, ['fail_report_run']) !== null;
      return ok({ report_run_id: context.runs.start(rows, failed) });
    }
    default:
      throw new GraphError(2500, `Unknown path components: /${edge}`);
  }
}

function list(
  context: GraphContext,
  call: GraphCall,
  level: Setting['level'],
  parent: Setting | null,
): unknown {
  const { world, account } = context;
  const wanted = listParam(call.params, 'effective_status') ?? filteredStatuses(call.params);
  const fields = fieldsParam(call.params);
  const rows = world.settings
    .filter((setting) => setting.level === level && isUnder(world, setting, parent))
    .filter((setting) => {
      const status = effectiveStatus(world, setting);
      return wanted ? wanted.includes(status) : status !== 'DELETED' && status !== 'ARCHIVED';
    })
    .map((setting) => render(world, setting, fields, account));
  return page(rows, call);
}

function isUnder(world: World, setting: Setting, parent: Setting | null): boolean {
  if (!parent) return true;
  const adset = setting.level === 'adset' ? setting.index : world.plan.ads[setting.index]?.adset;
  return parent.level === 'adset'
    ? adset === parent.index
    : world.plan.adsets[adset ?? -1]?.campaign === parent.index;
}

function filteredStatuses(params: Params): readonly string[] | undefined {
  const filters = jsonParam(params, 'filtering');
  if (filters === undefined) return undefined;
  if (!Array.isArray(filters)) throw invalid('Param filtering must be an array', undefined, 'filtering');
  const first: unknown = filters.find(
    (filter: unknown) =>
      typeof filter === 'object' &&
      filter !== null &&
      'field' in filter &&
      String(filter.field).endsWith('effective_status'),
  );
  if (typeof first !== 'object' || first === null || !('value' in first) || !Array.isArray(first.value))
    return undefined;
  return first.value.map(String);
}

function page(rows: readonly unknown[], call: GraphCall): unknown {
  const { limit, offset } = pageParams(call.params);
  const part = rows.slice(offset, offset + limit);
  const cursor = (at: number): string => Buffer.from(String(at)).toString('base64');
  if (part.length === 0) return { data: [] };
  const after = cursor(offset + part.length);
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(call.params)) {
    query.set(key, typeof value === 'string' ? value : JSON.stringify(value));
  }
  query.set('after', after);
  const more = offset + part.length < rows.length;
  return {
    data: part,
    // The last page still shows a cursor: only `next` says that there is more.
    paging: {
      cursors: { before: cursor(offset), after },
      ...(more ? { next: `${call.base}/${call.path.join('/')}?${query.toString()}` } : {}),
    },
    ...(textParam(call.params, 'summary') === 'true' ? { summary: { total_count: rows.length } } : {}),
  };
}

function multiGet(context: GraphContext, call: GraphCall): unknown {
  const ids = listParam(call.params, 'ids');
  if (!ids) throw invalid('The parameter ids is required', undefined, 'ids');
  const fields = fieldsParam(call.params);
  return Object.fromEntries(
    ids.map((id) => {
      const setting = context.world.settings.find((candidate) => candidate.id === id);
      if (!setting) throw missing(id);
      return [id, render(context.world, setting, fields, context.account)];
    }),
  );
}
