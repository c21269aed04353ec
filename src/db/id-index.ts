import type { ObjectId } from '../core/object.ts';

/** An array of places is used where it is at most so many times as long as there are ids. */
const LONGEST = 8;

/** The place of each id among those asked for. Ids of one account lie close together: an array beats a map by far. */
export class IdIndex {
  readonly ids: readonly ObjectId[];
  readonly #first: number;
  /** Place + 1 by distance from the first id; 0 where there is none. */
  readonly #places: Int32Array | null;
  readonly #map: ReadonlyMap<number, number>;

  /** @param ids in order. */
  constructor(ids: readonly ObjectId[]) {
    this.ids = ids;
    this.#first = ids[0] ?? 0;
    const length = (ids.at(-1) ?? -1) - this.#first + 1;
    if (length <= ids.length * LONGEST) {
      this.#places = new Int32Array(Math.max(0, length));
      this.#map = new Map();
      ids.forEach((id, at) => {
        if (this.#places !== null) this.#places[id - this.#first] = at + 1;
      });
    } else {
      this.#places = null;
      this.#map = new Map(ids.map((id, at) => [id, at]));
    }
  }

  /** @returns undefined for an id that was not asked for. */
  placeOf(id: number): number | undefined {
    if (this.#places === null) return this.#map.get(id);
    const place = this.#places[id - this.#first];
    return place === undefined || place === 0 ? undefined : place - 1;
  }
}
