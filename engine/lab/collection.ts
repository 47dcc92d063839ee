import type { ByteSink } from './byte-sink.ts';
import type { CursorKey } from './cursor.ts';

/** The records of one stream, by position from 0. They never change while the lab runs. */
export interface Collection {
  readonly size: number;
  /** Writes the JSON of a record: what stands in the file byte for byte, or what is made of a seed. */
  write(sink: ByteSink, position: number): void;
  /** Key of a record's cursor. Only asked for where the stream declares one. */
  cursorAt(position: number): CursorKey;
  /** Known never to go down with the position, so that no look at all cursors is needed. */
  readonly ascending?: boolean;
}

/** What of a listing is wanted. */
export interface Wish {
  /** First cursor, and the first that is not wanted any more. */
  readonly from?: CursorKey | undefined;
  readonly before?: CursorKey | undefined;
  /** Values of placeholders that choose records: a partition, a parent, the key before. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** Records in the order in which they are served. */
export interface View {
  readonly size: number;
  write(sink: ByteSink, place: number): void;
}

/** A collection that can be asked for a part of it. */
export interface Listing {
  readonly size: number;
  select(wish: Wish): View;
}

function keysOf(collection: Collection): readonly CursorKey[] {
  const keys: CursorKey[] = [];
  for (let position = 0; position < collection.size; position += 1) keys.push(collection.cursorAt(position));
  return keys;
}

const isAscending = (keys: readonly CursorKey[]): boolean =>
  keys.every((key, position) => position === 0 || (keys[position - 1] as CursorKey) <= key);

/** Positions in ascending order of their keys; those of equal keys in the order of the collection. */
export function sortedPositions(keys: readonly CursorKey[]): Uint32Array {
  const positions = Uint32Array.from(keys, (_, position) => position);
  return positions.sort((a, b) => {
    const [left, right] = [keys[a] as CursorKey, keys[b] as CursorKey];
    return left < right ? -1 : left > right ? 1 : a - b;
  });
}

function listing(collection: Collection, position: (place: number) => number): Listing {
  const firstFrom = (key: CursorKey | undefined, otherwise: number): number => {
    if (key === undefined) return otherwise;
    let low = 0;
    let high = collection.size;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (collection.cursorAt(position(middle)) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    size: collection.size,
    select({ from, before }) {
      const first = firstFrom(from, 0);
      const last = Math.max(first, firstFrom(before, collection.size));
      return {
        size: last - first,
        write: (sink, place) => collection.write(sink, position(first + place)),
      };
    },
  };
}

/** Serves by cursor, ascending, records of equal cursors in the order of the collection; without one in that order. */
export function listingOf(collection: Collection, byCursor: boolean): Listing {
  const asIs = (place: number): number => place;
  if (!byCursor || collection.ascending === true) return listing(collection, asIs);
  const keys = keysOf(collection);
  if (isAscending(keys)) return listing(collection, asIs);
  const positions = sortedPositions(keys);
  return listing(collection, (place) => positions[place] as number);
}

/** What is there at a time, where the cursor says when a record comes. */
export const until = (whole: Listing, nowMs: number): Listing => ({
  size: whole.size,
  select(wish) {
    const now = nowMs * 1000 + 1;
    const { before } = wish;
    return whole.select({ ...wish, before: before === undefined || Number(before) > now ? now : before });
  },
});

/** What is in a file of several that a job has made: each so-many-th record of its result. */
export const fileOf = (whole: Listing, files: number): Listing => ({
  size: whole.size,
  select(wish) {
    const view = whole.select(wish);
    const file = Number(wish.values.get('job.file') ?? 0);
    return {
      size: Math.ceil((view.size - file) / files),
      write: (sink, place) => view.write(sink, place * files + file),
    };
  },
});
