import type { PageFailure } from '../../model/batch.ts';
import type { Path, StreamPlan } from '../../model/plan.ts';
import * as failures from './failures.ts';
import { compilePath, isObject, type JsonObject } from './paths.ts';

/** Under which a record says which list of the response it is of, where there are several. */
const listKey = '_list';

/** How the records of a response are found. */
export interface RecordsIn {
  read(response: unknown): JsonObject[] | PageFailure;
  /** Whether records are given something when they are read. */
  readonly widens: boolean;
  /** Leaves only these records in the response: those that `read` gave, less some. */
  prune(response: unknown, left: readonly JsonObject[]): void;
}

/** Compiles where the records of a stream's responses are: in one array, or in several. */
export function compileRecords({ source, name, records, lists }: StreamPlan): RecordsIn {
  const stream = `${source}.${name}`;
  if (lists !== undefined) return severalLists(stream, records, lists);
  const read = compilePath(records);
  return {
    // The array of the response itself: what is taken out of it is gone from the response.
    read: (response) => {
      const found = read(response);
      return Array.isArray(found)
        ? objectsIn(stream, found)
        : failures.noRecords(stream, records, response, found);
    },
    widens: false,
    prune: () => {},
  };
}

function objectsIn(stream: string, list: readonly unknown[]): JsonObject[] | PageFailure {
  const bad = list.findIndex((record) => !isObject(record));
  return bad === -1 ? (list as JsonObject[]) : failures.notAnObject(stream, bad, list[bad]);
}

/** One of the lists may be absent, or null. */
function severalLists(stream: string, first: Path, lists: NonNullable<StreamPlan['lists']>): RecordsIn {
  const readers = lists.map(({ name, path }) => ({ name, path, read: compilePath(path) }));
  const arrays = (response: unknown): readonly (readonly [string, unknown[]])[] =>
    readers.flatMap(({ name, read }) => {
      const found = read(response);
      return Array.isArray(found) ? [[name, found] as const] : [];
    });
  const notLists = (response: unknown): PageFailure | undefined => {
    const other = readers.find(({ read }) => isNoList(read(response)));
    return other && failures.noRecords(stream, other.path, response, other.read(response));
  };
  const all = (found: ReturnType<typeof arrays>): JsonObject[] | PageFailure => {
    const records: JsonObject[] = [];
    for (const [name, list] of found) {
      const own = objectsIn(stream, list);
      if ('transient' in own) return own;
      for (const record of own) records.push(Object.assign(record, { [listKey]: name }));
    }
    return records;
  };
  return {
    read: (response) => {
      const found = arrays(response);
      if (found.length === 0) return failures.noRecords(stream, first, response, undefined);
      return notLists(response) ?? all(found);
    },
    widens: true,
    prune: (response, left) => {
      const kept = new Set<unknown>(left);
      for (const [, list] of arrays(response))
        list.splice(0, list.length, ...list.filter((one) => kept.has(one)));
    },
  };
}

/** What stands in the place of a list would be left out. */
const isNoList = (found: unknown): boolean => found !== undefined && found !== null && !Array.isArray(found);
