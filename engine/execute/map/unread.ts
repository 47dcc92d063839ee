import { isChosen, pathText, segmentsText } from '../../model/path.ts';
import type { Chosen, Path, PathSegment } from '../../model/plan.ts';
import { isObject, type JsonObject } from './paths.ts';
import { scalarText } from './scalars.ts';
import type { UnitReader } from './unit.ts';

/** Counts the values of a unit that no property reads, by their path. */
export type UnreadCounter = (element: unknown, counts: Map<string, number>) => void;

/** Paths that are counted of one page; a dictionary has as many as it has keys. */
const pathsMax = 200;

/** What is read of a value: all of it, or something of some keys, or of elements that are chosen. */
interface Known {
  isRead: boolean;
  readonly keys: Map<string, Known>;
  readonly chosen: Map<string, { readonly where: Chosen; readonly known: Known }>;
}

const unknown = (): Known => ({ isRead: false, keys: new Map(), chosen: new Map() });

function knownOf(paths: readonly Path[]): Known {
  const root = unknown();
  for (const { segments } of paths) learn(root, segments);
  return root;
}

function learn(root: Known, segments: readonly PathSegment[]): void {
  let at = root;
  for (const segment of segments) {
    // Of a list only elements are read: the whole is not.
    if ('where' in segment) at = learnChosen(at, segment.where);
    else if (!('key' in segment)) return;
    else at = learnKey(at, segment.key);
  }
  at.isRead = true;
}

function learnKey({ keys }: Known, key: string): Known {
  const next = keys.get(key) ?? unknown();
  keys.set(key, next);
  return next;
}

/** What an element is chosen by is read of it. */
function learnChosen({ chosen }: Known, where: Chosen): Known {
  const text = segmentsText([{ where }]);
  const next = chosen.get(text)?.known ?? unknown();
  chosen.set(text, { where, known: next });
  for (const key of Object.keys(where)) learnKey(next, key).isRead = true;
  return next;
}

/** What is read of an element. Two ways to choose one add up, as the first says it. */
const knownElement = ({ chosen }: Known, element: unknown): Known | undefined =>
  [...chosen.values()].find(({ where }) => isChosen(element, where, scalarText))?.known;

/** The part of a value that nobody reads; undefined where there is none. */
function leftOf(value: unknown, known: Known): unknown {
  if (known.isRead) return undefined;
  if (isObject(value)) return restOf(value, known);
  if (!Array.isArray(value) || known.chosen.size === 0) return value;
  const left = value.flatMap((element: unknown) => restOfElement(element, known));
  return left.length === 0 ? undefined : left;
}

/** It keeps what it was chosen by, since without it nobody knows what it is. */
function restOfElement(element: unknown, known: Known): readonly unknown[] {
  const own = knownElement(known, element);
  if (own === undefined) return [element];
  const rest = leftOf(element, own);
  if (!isObject(rest) || !isObject(element)) return [];
  const named = Object.entries(element).filter(
    ([key]) => own.keys.get(key)?.isRead === true && isName(known, key),
  );
  return [{ ...Object.fromEntries(named), ...rest }];
}

const isName = ({ chosen }: Known, key: string): boolean =>
  [...chosen.values()].some(({ where }) => Object.hasOwn(where, key));

function restOf(value: JsonObject, known: Known): JsonObject | undefined {
  const left = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const own = known.keys.get(key);
    if (own === undefined) return [[key, child]];
    const rest = leftOf(child, own);
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
    countValue(child, own, [...before, { key }], counts);
  }
}

function countValue(
  value: unknown,
  known: Known | undefined,
  segments: readonly PathSegment[],
  counts: Map<string, number>,
): void {
  if (known !== undefined && isObject(value)) countIn(value, known, segments, counts);
  else if (known !== undefined && known.chosen.size > 0 && Array.isArray(value))
    countElements(value, known, segments, counts);
  else add(counts, pathText({ root: 'record', segments }));
}

/** An element that nobody chooses is named as the others are. */
function countElements(
  list: readonly unknown[],
  known: Known,
  before: readonly PathSegment[],
  counts: Map<string, number>,
): void {
  for (const element of list) {
    const own = knownElement(known, element);
    const where = named(element, known);
    const segments = [...before, where === undefined ? ({ any: 'element' } as const) : { where }];
    if (isObject(element) && where !== undefined) countIn(element, own ?? namesOf(where), segments, counts);
    else if (element !== null) add(counts, pathText({ root: 'record', segments }));
  }
}

/** What an element says for the keys that others are chosen by. */
function named(element: unknown, { chosen }: Known): Chosen | undefined {
  if (!isObject(element)) return undefined;
  for (const { where } of chosen.values()) {
    const texts = Object.keys(where).map((key) => [key, scalarText(element[key])] as const);
    if (texts.every(([, text]) => text !== undefined)) return Object.fromEntries(texts) as Chosen;
  }
  return undefined;
}

function namesOf(where: Chosen): Known {
  const known = unknown();
  for (const key of Object.keys(where)) learnKey(known, key).isRead = true;
  return known;
}

function add(counts: Map<string, number>, path: string): void {
  const count = counts.get(path);
  if (count !== undefined || counts.size < pathsMax) counts.set(path, (count ?? 0) + 1);
}
