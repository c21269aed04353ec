import { LIVE_LINES, type LiveLine, type LiveState, type ScoreView } from '../contract/live.ts';
import { workspaceNow } from '../core/clock.ts';
import { loadClock } from '../db/clock.ts';
import type { Db } from '../db/connection.ts';
import { listOpenOutages, type OpenOutage } from '../db/learning/watch.ts';
import { loadBacklog } from '../db/live-backlog.ts';
import { recentDecisions, recentPostbacks } from '../db/live-lines.ts';
import { loadLearning } from '../db/live-learning.ts';
import { type AdSetTable, listWorkspaces, loadAdSetTable, sandboxAddress } from '../db/live-table.ts';
import { decisionLink, temporalLinks } from '../runtime/temporal-links.ts';
import { adSetRow } from './ad-set-row.ts';
import { type EngineFacts, engineView } from './engine-view.ts';
import type { LiveFacts } from './live-feed.ts';
import { decisionLine, learningNote, postbackLine } from './sentences.ts';

export interface LiveSources {
  readonly db: Db;
  readonly version: string;
  readonly wallNowMs: () => number;
  /** How far the engine's start has come; null where nobody keeps count. */
  engine(): EngineFacts | null;
  /** Score of the sandbox at an address; null when it has none. */
  score(baseUrl: string, currency: string): Promise<ScoreView | null>;
  /** The namespace whose records the page links to. */
  readonly temporalNamespace: string;
}

/** Rows the table shows; an account of thousands belongs to /api/objects. */
const MOST_AD_SETS = 40;

/**
 * Everything the page shows of one workspace, read now.
 *
 * @param wanted the workspace asked for; null takes the first real one, else the sample.
 * @param before what was shown last: kept, with a sentence, while the database is away.
 */
export async function loadLive(
  sources: LiveSources,
  wanted: string | null,
  before: LiveFacts | null,
): Promise<LiveFacts> {
  const engine = sources.engine();
  try {
    return await read(sources, wanted, engine);
  } catch {
    const state: LiveState = before?.state ?? emptyState(sources, engine);
    return {
      lines: before?.lines ?? [],
      state: {
        ...state,
        wallNowMs: sources.wallNowMs(),
        outage:
          'The database does not answer, so nothing new is shown. Visitors are still sent on and their clicks are kept on disk; senders of postbacks are asked to try again. This goes on by itself when it is back.',
      },
    };
  }
}

async function read(
  sources: LiveSources,
  wanted: string | null,
  facts: EngineFacts | null,
): Promise<LiveFacts> {
  const { db } = sources;
  const workspaces = await listWorkspaces(db);
  const base = emptyState(sources, facts);
  const all = { ...base, workspaces: workspaces.map(({ id, name }) => ({ id, name })) };
  const workspace = workspaces.find((one) => wanted === null || one.id === wanted);
  if (!workspace) {
    const outage = wanted === null ? null : `There is no workspace "${wanted}" here.`;
    return { state: { ...all, outage }, lines: [] };
  }

  const [clock, postbacks, decisions, table, address, learning, outages] = await Promise.all([
    loadClock(db, workspace.id),
    recentPostbacks(db, workspace.id, LIVE_LINES),
    recentDecisions(db, workspace.id, { limit: LIVE_LINES, keeps: false }),
    loadAdSetTable(db, workspace.id),
    sandboxAddress(db, workspace.id),
    loadLearning(db, workspace.id),
    listOpenOutages(db, workspace.id),
  ]);
  const [backlog, score] = await Promise.all([
    loadBacklog(db, workspaceNow(clock, sources.wallNowMs()), clock.rate),
    address === null ? null : sources.score(address, workspace.currency),
  ]);
  const ui = facts?.temporalUi ?? null;
  const lines: LiveLine[] = [
    ...postbacks.map((fact) =>
      // What no source sent knows no workspace's time: told at the moment it came, by this one's clock.
      postbackLine(fact.workspaceId === null ? { ...fact, atMs: workspaceNow(clock, fact.wallAtMs) } : fact),
    ),
    ...decisions.map((decision) =>
      decisionLine(
        decision,
        ui !== null && decision.workflowStarted
          ? decisionLink(ui, sources.temporalNamespace, decision.id)
          : null,
      ),
    ),
  ];
  lines.sort((a, b) => b.wallAtMs - a.wallAtMs || (a.id < b.id ? 1 : -1));
  const { id, name, time_zone: timeZone, currency, simulated } = workspace;
  return {
    lines: lines.slice(0, LIVE_LINES),
    state: {
      ...all,
      workspace: { id, name, timeZone, currency, simulated, accounts: table.accounts },
      clock: { workspaceId: id, ...clock },
      engine: engineView(facts, backlog),
      halted: haltedWords(workspace, table.halted),
      silent: outages.map(silentWords),
      score,
      event: table.event,
      adSets: table.adSets.slice(0, MOST_AD_SETS).map((fact) => adSetRow(fact, table.accounts > 1)),
      learning: learning.flatMap(learningNote),
      moreAdSets: Math.max(0, table.adSets.length - MOST_AD_SETS),
    },
  };
}

function haltedWords(
  workspace: { readonly halted_at: Date | null; readonly halt_reason: string | null },
  accounts: AdSetTable['halted'],
): string | null {
  const because = (reason: string | null): string => (reason === null ? '' : ` (${reason})`);
  if (workspace.halted_at !== null)
    return `Halted: nothing is changed on the networks${because(workspace.halt_reason)}.`;
  if (accounts.length === 0) return null;
  const names = accounts.map(({ name, reason }) => `${name}${because(reason)}`).join(', ');
  return `Halted: nothing is changed in ${names}. It goes on with \`./bidloop account resume ${accounts[0]?.id ?? ''}\`.`;
}

/** What an account's missing conversions mean for its ad sets, and where to look. */
function silentWords({ account, name, words }: OpenOutage): string {
  return `${name}: ${words}. Nothing is decided by conversions until they are back. See whether the tracker still sends postbacks; \`./bidloop learned --account ${account}\` tells since when.`;
}

function emptyState(sources: LiveSources, facts: EngineFacts | null): LiveState {
  const ui = facts?.temporalUi;
  return {
    version: sources.version,
    workspace: null,
    workspaces: [],
    wallNowMs: sources.wallNowMs(),
    clock: null,
    engine: engineView(facts, { rows: 0, oldestSeconds: 0 }),
    outage: null,
    halted: null,
    silent: [],
    score: null,
    event: null,
    adSets: [],
    learning: [],
    moreAdSets: 0,
    links: ui
      ? temporalLinks(ui, sources.temporalNamespace, sources.wallNowMs()).map(({ title, url }) => ({
          label: title,
          url,
        }))
      : [],
  };
}
