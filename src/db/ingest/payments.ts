import { relationOf } from '../../core/conversion-relation.ts';
import { isTrial } from '../../core/attribution.ts';
import type { Settled } from './installs.ts';
import type { ConversionRow } from './messages.ts';

/** What the persons of a batch have paid, and their trials, as they stand while the batch is worked through. */
export class Payments {
  readonly #rows = new Map<string, ConversionRow>();
  readonly #byKey = new Map<string, Set<string>>();

  /** Remembers a stored payment or trial, or what it is by now. */
  put(row: ConversionRow): void {
    // One that is no payment any more must not be taken for what it was.
    this.#rows.delete(row.id);
    if (!mayRelate(row)) return;
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

  /**
   * Says what a conversion is to the earlier ones of its click or person. One that arrives late may be what a later one
   * follows: those are among the others that change.
   */
  settle(row: ConversionRow): Settled {
    const own = mayRelate(row) ? this.#relate(row) : unrelated(row);
    this.put(own);
    if (!mayRelate(own)) return { row: own, others: [] };
    const others = this.#around(own).flatMap((before) => {
      if (before.event_at < own.event_at) return [];
      const after = this.#relate(before);
      // What it followed until now may be one that nobody loaded: only the new one speaks against that.
      if (after.relation_of_id !== own.id || after === before) return [];
      this.put(after);
      return [{ before, after }];
    });
    return { row: own, others };
  }

  /** The same row where nothing is to be changed. */
  #relate(row: ConversionRow): ConversionRow {
    const others = this.#around(row).map(factsOf);
    const { relation, ofId } = relationOf(factsOf(row), others);
    const stored = relation === 'first' ? null : relation;
    if (row.relation === stored && row.relation_of_id === ofId) return row;
    return { ...row, relation: stored, relation_of_id: ofId };
  }

  #around(row: ConversionRow): readonly ConversionRow[] {
    const ids = new Set(keysOf(row).flatMap((key) => [...(this.#byKey.get(key) ?? [])]));
    ids.delete(row.id);
    return [...ids].flatMap((id) => this.#rows.get(id) ?? []);
  }
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
