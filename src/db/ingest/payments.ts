import { relationOf } from '../../core/conversion-relation.ts';
import { isTrial } from '../../core/attribution.ts';
import type { Settled } from './installs.ts';
import type { ConversionRow } from './messages.ts';

/** Of one click, device or user only so many of the newest are looked at: an id that is on thousands is nobody's. */
export const MOST_PAYMENTS = 20;

/** What the persons of a batch have paid, and their trials, as they stand while the batch is worked through. */
export class Payments {
  readonly #rows = new Map<string, ConversionRow>();
  readonly #byKey = new Map<string, string[]>();

  /** Remembers a stored payment or trial, or what it is by now. */
  put(row: ConversionRow): void {
    // One that is no payment any more must not be taken for what it was.
    this.#rows.delete(row.id);
    if (mayRelate(row)) this.#put(row, keysOf(row));
  }

  #put(row: ConversionRow, keys: readonly string[]): void {
    this.#rows.set(row.id, row);
    for (const key of keys) {
      const ids = this.#byKey.get(key);
      if (!ids) this.#byKey.set(key, [row.id]);
      else if (!ids.includes(row.id)) {
        ids.push(row.id);
        if (ids.length > MOST_PAYMENTS) ids.splice(this.#oldest(ids), 1);
      }
    }
  }

  #oldest(ids: readonly string[]): number {
    const times = ids.map((id) => this.#rows.get(id)?.event_at.getTime() ?? -Infinity);
    return times.indexOf(Math.min(...times));
  }

  /** The row as the batch left it. */
  latest(row: ConversionRow): ConversionRow {
    return this.#rows.get(row.id) ?? row;
  }

  /**
   * Says what a conversion is to the earlier ones of its click or person. One that arrives late may be what a later one
   * follows: those are among the others that change.
   */
  settle(row: ConversionRow): Settled {
    if (!mayRelate(row)) {
      const own = unrelated(row);
      this.put(own);
      return { row: own, others: [] };
    }
    const keys = keysOf(row);
    const around = this.#around(row.id, keys);
    const own = related(row, around);
    this.#put(own, keys);
    const others = around.flatMap((before) => {
      if (before.event_at < own.event_at) return [];
      const after = related(before, this.#around(before.id, keysOf(before)));
      // What it followed until now may be one that nobody loaded: only the new one speaks against that.
      if (after.relation_of_id !== own.id || after === before) return [];
      this.put(after);
      return [{ before, after }];
    });
    return { row: own, others };
  }

  /** Those of one click or person with a row; most stand alone. */
  #around(id: string, keys: readonly string[]): readonly ConversionRow[] {
    const ids = new Set<string>();
    for (const key of keys) for (const other of this.#byKey.get(key) ?? []) ids.add(other);
    ids.delete(id);
    return [...ids].flatMap((one) => this.#rows.get(one) ?? []);
  }
}

/** What a row is to others; the same row where nothing is to be changed. */
function related(row: ConversionRow, around: readonly ConversionRow[]): ConversionRow {
  const { relation, ofId } = relationOf(factsOf(row), around.map(factsOf));
  const stored = relation === 'first' ? null : relation;
  if (row.relation === stored && row.relation_of_id === ofId) return row;
  return { ...row, relation: stored, relation_of_id: ofId };
}

/** Installs and returns pay nothing that a person renews: what they are worth is a payout. */
function mayRelate(row: ConversionRow): boolean {
  return (
    row.event_type === 'event' &&
    row.excluded !== 'test' &&
    (row.original_micros !== null || isTrial(row.event))
  );
}

function unrelated(row: ConversionRow): ConversionRow {
  return row.relation === null ? row : { ...row, relation: null, relation_of_id: null };
}

function factsOf(row: ConversionRow): Parameters<typeof relationOf>[1][number] {
  return {
    id: row.id,
    event: row.event,
    amountMicros: row.original_micros,
    atMs: row.event_at.getTime(),
    sourceId: row.source_id,
  };
}

function keysOf(row: ConversionRow): readonly string[] {
  const { workspace_id: workspace, click_id: click, device_id: device, user_hash: user } = row;
  return [
    ...(click === null ? [] : [`click ${workspace} ${click}`]),
    ...(device === null ? [] : [`device ${workspace} ${device}`]),
    ...(user === null ? [] : [`user ${workspace} ${user.toString('hex')}`]),
  ];
}
