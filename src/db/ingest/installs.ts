import { type InstallReport, oneInstall } from '../../core/attribution-same-install.ts';
import type { ConversionRow } from './messages.ts';
import { type ConversionChange, isCounted } from './rollups.ts';

/** Why a report that repeats another sender's is in no count: conversion.excluded. */
export const SAME_INSTALL = 'same_install';

/** More installs than this under one click, device or user: it is nobody's, and would be compared in vain each time. */
const MOST_OF_ONE = 20;

type Step = Pick<ConversionChange, 'before' | 'after'>;

/** What became of a row, and of others by it. */
export interface Settled {
  readonly row: ConversionRow;
  /** Without the row itself. */
  readonly others: readonly (Step & { readonly before: ConversionRow })[];
}

/** Reports of installs by the persons of a batch, as they stand while the batch is worked through. */
export class Installs {
  readonly #rows = new Map<string, ConversionRow>();
  readonly #byKey = new Map<string, Set<string>>();
  readonly #sentences = new Map<string, string>();

  /** Remembers a stored install, or what it is by now. */
  put(row: ConversionRow): void {
    if (!isReport(row)) return;
    this.#rows.set(row.id, row);
    for (const key of keysOf(row)) {
      const ids = this.#byKey.get(key);
      if (ids) ids.add(row.id);
      else this.#byKey.set(key, new Set([row.id]));
    }
  }

  /** The row as the batch left it. */
  latest(row: ConversionRow): ConversionRow {
    return this.#rows.get(row.id) ?? row;
  }

  /** What a repeated report repeats, and by what the two are one; null where it was not looked at or repeats none. */
  sentenceOf(id: string): string | null {
    return this.#sentences.get(id) ?? null;
  }

  /** Says of an install that is new, or newly credited, which report of it counts; rows of other kinds stay as they are. */
  settle(row: ConversionRow): Settled {
    this.put(row);
    const around = isReport(row) ? this.#around(row.id) : [];
    if (around.every(({ source_id: source }) => source === row.source_id)) return { row, others: [] };
    const others: (Step & { readonly before: ConversionRow })[] = [];
    const found = oneInstall(around.map(reportOf));
    for (const before of around) {
      const same = found.get(before.id) ?? null;
      const after = same === null ? asCounting(before) : asRepeat(before, same.id);
      if (same === null) this.#sentences.delete(before.id);
      else this.#sentences.set(before.id, same.text);
      if (after === before) continue;
      this.#rows.set(after.id, after);
      if (after.id !== row.id) others.push({ before, after });
    }
    return { row: this.latest(row), others };
  }

  /** Everything that has a click, a device or a user in common with it, or with what has. */
  #around(id: string): readonly ConversionRow[] {
    const seen = new Set([id]);
    const left = [id];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const row = this.#rows.get(next);
      if (row === undefined) continue;
      for (const key of keysOf(row)) {
        const ids = this.#byKey.get(key) ?? new Set();
        if (ids.size > MOST_OF_ONE) continue;
        for (const other of ids) {
          if (seen.has(other)) continue;
          seen.add(other);
          left.push(other);
        }
      }
    }
    return [...seen].flatMap((one) => this.#rows.get(one) ?? []);
  }
}

function isReport(row: ConversionRow): boolean {
  return row.event_type === 'install' && row.excluded !== 'test';
}

function clickIdsOf(row: ConversionRow): readonly string[] {
  return [row.click_id, row.sent_click_id].filter((id) => id !== null);
}

function keysOf(row: ConversionRow): readonly string[] {
  const { workspace_id: workspace, device_id: device, user_hash: user } = row;
  return [
    ...clickIdsOf(row).map((id) => `click ${workspace} ${id}`),
    ...(device === null ? [] : [`device ${workspace} ${device}`]),
    ...(user === null ? [] : [`user ${workspace} ${user.toString('hex')}`]),
    `one ${row.same_as_id ?? row.id}`,
  ];
}

function reportOf(row: ConversionRow): InstallReport {
  return {
    id: row.id,
    sourceId: row.source_id,
    deviceId: row.device_id,
    user: row.user_hash?.toString('hex') ?? null,
    clickIds: clickIdsOf(row),
    atMs: row.event_at.getTime(),
    dated: row.event_at.getTime() !== row.received_at.getTime(),
    receivedAtMs: row.received_at.getTime(),
    match: row.attributed_by === null ? null : row.match,
    viewThrough: row.view_through,
    sameAsId: row.same_as_id,
  };
}

function asCounting(row: ConversionRow): ConversionRow {
  if (row.same_as_id === null) return row;
  const next = { ...row, same_as_id: null, excluded: row.excluded === SAME_INSTALL ? null : row.excluded };
  return { ...next, counted: isCounted(next) };
}

/** What a fraud policy keeps out stays kept out by it. */
function asRepeat(row: ConversionRow, sameAsId: string): ConversionRow {
  if (row.same_as_id === sameAsId) return row;
  return { ...row, same_as_id: sameAsId, excluded: row.excluded ?? SAME_INSTALL, counted: false };
}
