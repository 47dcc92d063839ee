import { pathText } from '../../model/path.ts';
import type { Path, PathSegment } from '../../model/plan.ts';
import { isObject, type JsonObject } from './paths.ts';
import type { UnitReader } from './unit.ts';

/** Counts the values of a unit that no property reads, by their path. */
export type UnreadCounter = (element: unknown, counts: Map<string, number>) => void;

/** Paths that are counted of one page; a dictionary has as many as it has keys. */
const pathsMax = 200;

/** What is read of an object: all of it, or of some keys something. */
interface Known {
  isRead: boolean;
  readonly keys: Map<string, Known>;
}

const unknown = (): Known => ({ isRead: false, keys: new Map() });

function knownOf(paths: readonly Path[]): Known {
  const root = unknown();
  for (const { segments } of paths) learn(root, segments);
  return root;
}

function learn(root: Known, segments: readonly PathSegment[]): void {
  let at = root;
  for (const segment of segments) {
    // Of a list only elements are read: the whole is not.
    if (!('key' in segment)) return;
    const next = at.keys.get(segment.key) ?? unknown();
    at.keys.set(segment.key, next);
    at = next;
  }
  at.isRead = true;
}

/** The part of an object that nobody reads; undefined where there is none. */
function restOf(value: JsonObject, known: Known): JsonObject | undefined {
  const left = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const own = known.keys.get(key);
    if (own === undefined) return [[key, child]];
    if (own.isRead) return [];
    const rest = isObject(child) ? restOf(child, own) : child;
    return rest === undefined ? [] : [[key, rest]];
  });
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

/** Reads all of a unit that no property reads, as an object. */
export function compileRest(paths: readonly Path[]): UnitReader {
  const known = knownOf(paths);
  return (element) => (isObject(element) ? restOf(element, known) : undefined);
}

export function compileUnread(paths: readonly Path[]): UnreadCounter {
  const known = knownOf(paths);
  return (element, counts) => {
    if (isObject(element)) countIn(element, known, [], counts);
  };
}

/** Null and empty texts are no values. */
function countIn(
  value: JsonObject,
  known: Known,
  before: readonly PathSegment[],
  counts: Map<string, number>,
): void {
  for (const [key, child] of Object.entries(value)) {
    const own = known.keys.get(key);
    if (own?.isRead === true || child === null || child === '') continue;
    const segments = [...before, { key }];
    if (own !== undefined && isObject(child)) countIn(child, own, segments, counts);
    else add(counts, pathText({ root: 'record', segments }));
  }
}

function add(counts: Map<string, number>, path: string): void {
  const count = counts.get(path);
  if (count !== undefined || counts.size < pathsMax) counts.set(path, (count ?? 0) + 1);
}
