import type * as config from '../../model/config.ts';
import type { StreamExpectation } from '../../model/connector-check.ts';
import { instantMs, parseInstant } from '../../model/instant.ts';
import { knownPath } from '../../model/path.ts';
import type { Path } from '../../model/plan.ts';
import { parseDuration } from '../../model/units.ts';

/** An example, as it stands in its file and as it is read. */
export interface Example {
  readonly line: string;
  readonly key: string;
  /** The value of its cursor as a text; empty without one. */
  readonly cursor: string;
  /** Whether it says that it is deleted. */
  readonly isGone: boolean;
}

/** How records are read and written: numbers as they stand. */
export interface ExampleFormat {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/** Whether a record says that it is deleted. */
export type IsGone = (record: unknown) => boolean;

/** What the lab has of a stream while one of the runs goes on. */
export interface Phase {
  readonly records: readonly Example[];
}

/** When the runs are performed, in milliseconds since the epoch: by then the records of each are there. */
export type Moments = readonly number[];

/** Shares of the examples that are there in each of the runs, where time does not say it. */
const shares = [0.6, 0.8, 1] as const;
/** So many records are changed before each run but the first. */
const changedCount = 2;
/** How long after its newest record a run is performed. */
const laterMs = 60_000;

const stepInto = (value: unknown, segment: Path['segments'][number]): unknown =>
  typeof value !== 'object' || value === null || 'any' in segment || 'where' in segment
    ? undefined
    : (value as Record<string, unknown>)['key' in segment ? segment.key : segment.index];

const valueAt = (record: unknown, path: string): unknown => knownPath(path).segments.reduce(stepInto, record);

const textAt = (record: unknown, path: string): string => {
  const value = valueAt(record, path);
  return value === undefined || value === null ? '' : String(value);
};

/** Between the parts of a key: no key has it. */
const between = '\u0000';

export const keyText = (parts: readonly string[]): string => parts.join(between);

/** Reads the example records of a stream. */
export const examplesOf = (
  text: string,
  stream: config.Stream,
  { parse }: ExampleFormat,
  isGone: IsGone,
): readonly Example[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const record = parse(line);
      return exampleOf(line, record, stream, isGone(record));
    });

const exampleOf = (
  line: string,
  record: unknown,
  { primaryKey, cursor }: config.Stream,
  isGone: boolean,
): Example => ({
  line,
  key: keyText(primaryKey.map((path) => textAt(record, path))),
  cursor: cursor === undefined ? '' : textAt(record, cursor.field),
  isGone,
});

const isTime = ({ type = 'timestamp' }: config.Cursor): boolean => type === 'timestamp';

/** Where a cursor's value stands in time, or in its order. */
function rankOf(cursor: config.Cursor, text: string): number {
  const number = Number(text);
  if (text !== '' && !Number.isNaN(number)) return cursor.format === 'epoch' ? number * 1000 : number;
  const instant = parseInstant(text);
  return instant === undefined ? Number.NaN : instantMs(instant);
}

type Examples = ReadonlyMap<string, readonly Example[]>;
type Streams = { readonly [name: string]: config.Stream };

const changing = (stream: config.Stream | undefined): config.Cursor | undefined =>
  stream?.parent === undefined ? stream?.cursor : undefined;

/**
 * When to perform the runs, so that every stream has something new in as many of them as can be: a record comes at the time of its
 * cursor, and nobody reads it before.
 */
export function momentsOf(examples: Examples, streams: Streams, nowMs: number): Moments {
  const times = [...examples].flatMap(([name, all]) => {
    const cursor = changing(streams[name]);
    if (cursor === undefined || !isTime(cursor) || all.length === 0) return [];
    // What has no time is what the lab complains about.
    const known = all.map((one) => rankOf(cursor, one.cursor)).filter((rank) => !Number.isNaN(rank));
    return known.length === 0 ? [] : [known.sort((a, b) => a - b)];
  });
  if (times.length === 0) return shares.map(() => nowMs);
  const last = Math.max(...times.map((all) => all.at(-1) ?? 0));
  const moments = shares.map((share) =>
    share === 1 ? last : Math.min(...times.map((all) => all[Math.ceil(all.length * share) - 1] ?? last)),
  );
  return moments.map((ms) => ms + laterMs);
}

/** The record once more, changed at the time of another one. */
function changed(
  { line, isGone }: Example,
  cursor: string,
  stream: config.Stream,
  { parse, stringify }: ExampleFormat,
): Example {
  const record = parse(line);
  const { field = '' } = stream.cursor ?? {};
  const parts = knownPath(field).segments;
  const holder = parts.slice(0, -1).reduce(stepInto, record) as Record<string, unknown>;
  const last = parts.at(-1);
  const name = last !== undefined && 'key' in last ? last.key : '';
  holder[name] = typeof holder[name] === 'number' ? Number(cursor) : cursor;
  return exampleOf(stringify(record), record, stream, isGone);
}

/**
 * What the lab has in each run: more of the examples each time, and some of them changed. A changed record has the cursor of the newest
 * one, so that two records share it.
 */
export function phasesOf(
  examples: readonly Example[],
  stream: config.Stream,
  moments: Moments,
  format: ExampleFormat,
): readonly Phase[] {
  const cursor = changing(stream);
  if (cursor === undefined) return moments.map(() => ({ records: examples }));
  const sorted = [...examples].sort((a, b) => rankOf(cursor, a.cursor) - rankOf(cursor, b.cursor));
  const changes = new Map<string, Example>();
  let before = 0;
  return moments.map((moment, run) => {
    const share = shares[run] ?? 1;
    const present = isTime(cursor)
      ? sorted.filter((one) => !(rankOf(cursor, one.cursor) > moment))
      : sorted.slice(0, Math.ceil(sorted.length * share));
    const isMore = run > 0 && present.length > before;
    before = present.length;
    if (isMore) change(changes, changeable(present, run), (one, at) => changed(one, at, stream, format));
    return { records: present.map((one) => changes.get(one.key) ?? one) };
  });
}

/** Some records that were there before, and the newest one. */
function changeable(present: readonly Example[], run: number): readonly [readonly Example[], Example?] {
  const newest = present.at(-1);
  const first = (run - 1) * changedCount;
  const chosen = present.slice(first, first + changedCount).filter(({ key }) => key !== newest?.key);
  return newest === undefined ? [[]] : [chosen, newest];
}

function change(
  changes: Map<string, Example>,
  [chosen, newest]: ReturnType<typeof changeable>,
  changedAt: (one: Example, cursor: string) => Example,
): void {
  for (const one of chosen) changes.set(one.key, changedAt(one, newest?.cursor ?? ''));
}

/** What a table is to hold after a run, and how many records the run is to receive at most. */
export function expectationOf(
  phases: readonly Phase[],
  run: number,
  stream: config.Stream,
): StreamExpectation {
  const records = phases[run]?.records ?? [];
  const there = records.filter(({ isGone }) => !isGone);
  const rows = new Map(there.map(({ key, cursor }) => [key, cursor]));
  const { cursor } = stream;
  if (run === 0 || cursor === undefined) return { rows, receivedMax: records.length };
  const before = phases[run - 1]?.records ?? [];
  const position = Math.max(0, ...before.map((one) => rankOf(cursor, one.cursor)));
  const lookbackMs = parseDuration(cursor.lookback ?? '0s');
  // What is asked for in whole seconds begins within one before.
  const from = position - lookbackMs - (cursor.format === undefined || cursor.format === 'iso' ? 0 : 1000);
  const since = records.filter((one) => rankOf(cursor, one.cursor) >= from);
  return { rows, receivedMax: since.length };
}
