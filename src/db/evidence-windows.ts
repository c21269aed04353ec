import type { WindowMetrics } from '../core/decision.ts';
import type { Level, ObjectId } from '../core/object.ts';
import type { CompiledStrategy } from '../core/rules/compile.ts';
import { readWindow, windowBounds } from '../core/windows.ts';
import type { Db } from './connection.ts';
import { loadWindowMetrics } from './metrics.ts';
import type { WindowTable } from './window-table.ts';

export interface EvidenceWindowsInput {
  readonly accountId: string;
  /** The account's IANA zone. */
  readonly zone: string;
  readonly asOfMs: number;
  readonly scoped: readonly {
    readonly compiled: CompiledStrategy;
    /** Objects of the strategy's level, or all that the account has. */
    readonly objectIds: 'all' | readonly ObjectId[];
  }[];
}

/** Windows of the objects of several levels, as columns; an object's figures are made when it is judged. */
export class EvidenceWindows {
  readonly asOfMs: number;
  readonly #tables: readonly WindowTable[];

  constructor(asOfMs: number, tables: readonly WindowTable[]) {
    this.asOfMs = asOfMs;
    this.#tables = tables;
  }

  /** Windows of one object by spelling; those that were not loaded are left out. */
  get(id: ObjectId, spellings: readonly string[]): Record<string, WindowMetrics> {
    for (const table of this.#tables) {
      const windows = table.get(id, spellings);
      if (windows !== undefined) return windows;
    }
    return {};
  }

  /** The widest window of one object that begins at an instant or later: nothing, or one entry. */
  widestSince(id: ObjectId, sinceMs: number | null): Record<string, WindowMetrics> {
    if (sinceMs === null) return {};
    for (const table of this.#tables) {
      const spelling = table.widestSince(sinceMs);
      const windows = spelling === undefined ? undefined : table.get(id, [spelling]);
      if (windows !== undefined) return windows;
    }
    return {};
  }
}

/** Windows of all strategies at once, one call per level: two strategies that look over "7d" share its sums. */
export async function loadEvidenceWindows(db: Db, input: EvidenceWindowsInput): Promise<EvidenceWindows> {
  const levels = new Map<
    Level,
    { ids: Set<ObjectId> | 'all'; readonly windows: Set<string>; readonly events: Set<string> }
  >();
  for (const { compiled, objectIds } of input.scoped) {
    const { level, needs } = compiled;
    const entry = levels.get(level) ?? { ids: new Set(), windows: new Set(), events: new Set() };
    if (objectIds === 'all') entry.ids = 'all';
    else if (entry.ids !== 'all') for (const id of objectIds) entry.ids.add(id);
    for (const window of needs.windows) entry.windows.add(window);
    for (const event of needs.events) entry.events.add(event);
    levels.set(level, entry);
  }
  const tables: WindowTable[] = [];
  for (const [level, { ids, windows, events }] of levels) {
    if (ids !== 'all' && ids.size === 0) continue;
    tables.push(
      await loadWindowMetrics(db, {
        accountId: input.accountId,
        zone: input.zone,
        level,
        ...(ids === 'all' ? {} : { objectIds: [...ids] }),
        asOfMs: input.asOfMs,
        windows: [...windows].map((spelling) => {
          const window = readWindow(spelling);
          if ('problem' in window) throw new Error(window.problem);
          return { spelling, bounds: windowBounds(window, input.asOfMs, input.zone) };
        }),
        ...(events.has('*') || events.size === 0 ? {} : { events: [...events] }),
      }),
    );
  }
  return new EvidenceWindows(input.asOfMs, tables);
}
