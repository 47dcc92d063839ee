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
}

/** What the lab has of a stream while one of the runs goes on. */
export interface Phase {
  readonly records: readonly Example[];
}

/** Shares of the examples that are there in each of the runs. */
const shares = [0.6, 0.8, 1] as const;
/** So many records are changed before each run but the first. */
const changedCount = 2;

const stepInto = (value: unknown, segment: Path['segments'][number]): unknown =>
  typeof value !== 'object' || value === null || 'any' in segment
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
export const examplesOf = (text: string, stream: config.Stream): readonly Example[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => exampleOf(line, JSON.parse(line), stream));

const exampleOf = (line: string, record: unknown, { primaryKey, cursor }: config.Stream): Example => ({
  line,
  key: keyText(primaryKey.map((path) => textAt(record, path))),
  cursor: cursor === undefined ? '' : textAt(record, cursor.field),
});

/** Where a cursor's value stands in time, or in its order. */
function rankOf({ type = 'timestamp', format }: config.Cursor, text: string): number {
  if (type === 'integer' || format === 'epoch' || format === 'epoch_ms') {
    const number = Number(text);
    if (!Number.isNaN(number)) return format === 'epoch' ? number * 1000 : number;
  }
  const instant = parseInstant(text);
  return instant === undefined ? Number.NaN : instantMs(instant);
}

/** The record once more, changed at the time of another one. */
function changed({ line }: Example, cursor: string, stream: config.Stream): Example {
  const record: unknown = JSON.parse(line);
  const { field = '' } = stream.cursor ?? {};
  const parts = knownPath(field).segments;
  const holder = parts.slice(0, -1).reduce(stepInto, record) as Record<string, unknown>;
  const last = parts.at(-1);
  const name = last !== undefined && 'key' in last ? last.key : '';
  holder[name] = typeof holder[name] === 'number' ? Number(cursor) : cursor;
  return exampleOf(JSON.stringify(record), record, stream);
}

/**
 * What the lab has in each run: more of the examples each time, the oldest first, and some of them changed. A changed record has the
 * cursor of the newest one, so that two records share it.
 */
export function phasesOf(examples: readonly Example[], stream: config.Stream): readonly Phase[] {
  const { cursor } = stream;
  if (cursor === undefined || stream.parent !== undefined) return shares.map(() => ({ records: examples }));
  const sorted = [...examples].sort((a, b) => rankOf(cursor, a.cursor) - rankOf(cursor, b.cursor));
  const changes = new Map<string, Example>();
  return shares.map((share, run) => {
    const present = sorted.slice(0, Math.max(1, Math.ceil(sorted.length * share)));
    const newest = present.at(-1);
    if (run > 0 && newest !== undefined) {
      const first = (run - 1) * changedCount;
      for (const one of sorted.slice(first, first + changedCount))
        if (one.key !== newest.key) changes.set(one.key, changed(one, newest.cursor, stream));
    }
    return { records: present.map((one) => changes.get(one.key) ?? one) };
  });
}

/** What a table is to hold after a run, and how many records the run is to receive at most. */
export function expectationOf(
  phases: readonly Phase[],
  run: number,
  stream: config.Stream,
): StreamExpectation {
  const records = phases[run]?.records ?? [];
  const rows = new Map(records.map(({ key, cursor }) => [key, cursor]));
  const { cursor } = stream;
  if (run === 0 || cursor === undefined) return { rows, receivedMax: records.length };
  const before = phases[run - 1]?.records ?? [];
  const position = Math.max(...before.map((one) => rankOf(cursor, one.cursor)));
  const lookbackMs = parseDuration(cursor.lookback ?? '0s');
  // What is asked for in whole seconds begins within one before.
  const from = position - lookbackMs - (cursor.format === undefined || cursor.format === 'iso' ? 0 : 1000);
  const since = records.filter((one) => rankOf(cursor, one.cursor) >= from);
  return { rows, receivedMax: since.length };
}
