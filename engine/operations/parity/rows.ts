import { createHash } from 'node:crypto';
import { canonicalJson } from '../../model/canonical-json.ts';
import type { ParityColumn, ParityDifference, ParitySample } from '../../model/parity.ts';
import type { Answer } from '../../model/ports.ts';
import type { Sides } from './bisect.ts';

/** The rows of one key that differ, by column: what each side has. */
export interface UnlikeRows {
  readonly kind: 'missing' | 'extra' | 'changed';
  readonly keyHash: string;
  readonly left?: Row;
  readonly right?: Row;
  /** Names of the columns that differ. */
  readonly columns: readonly string[];
}

type Row = readonly (string | null)[];

export interface RowsCompared {
  readonly unlike: readonly UnlikeRows[];
  /** Keys that one of the sides has in a version newer than the watermark. */
  readonly newer: number;
  readonly rowsRead: number;
}

/** The cursor up to which both sides are compared, and what all cursors of its kind begin with. */
export interface Watermark {
  readonly kind: string;
  readonly cursor: string;
}

/** Keys whose rows are read at once. */
const keysAtOnce = 500;

/** Reads the rows of these keys, and says column by column what differs. What only looked so is left out. */
export async function compareRows(
  sides: Sides,
  columns: readonly ParityColumn[],
  keys: readonly string[],
  watermark: Watermark | undefined,
): Promise<RowsCompared> {
  const unlike: UnlikeRows[] = [];
  let newer = 0;
  let rowsRead = 0;
  for (let at = 0; at < keys.length; at += keysAtOnce) {
    const asked = keys.slice(at, at + keysAtOnce);
    const [left, right] = await Promise.all([
      sides.ask('left', 'rows', { keys: asked }),
      sides.ask('right', 'rows', { keys: asked }),
    ]);
    rowsRead += left.length + right.length;
    const [mine, theirs] = [byKey(left, columns), byKey(right, columns)];
    for (const key of asked) {
      const pair = { left: mine.get(key), right: theirs.get(key) };
      if (isNewer(pair.left, watermark) || isNewer(pair.right, watermark)) newer += 1;
      else unlike.push(...unlikeRows(key, columns, pair.left?.values, pair.right?.values));
    }
  }
  return { unlike, newer, rowsRead };
}

interface Read {
  readonly values: Row;
  readonly cursor: string | null;
}

const byKey = (answer: Answer, columns: readonly ParityColumn[]): ReadonlyMap<string, Read> =>
  new Map(
    answer.map((row) => [
      String(row['key_hash']),
      {
        values: columns.map(({ kind }, at) => plain(kind, textOf(row[`_etl${at}`]))),
        cursor: textOf(row['cursor_text']),
      },
    ]),
  );

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : String(value);

/** Databases may write JSON and floating-point numbers in more ways than checksums know. */
function plain(kind: ParityColumn['kind'], text: string | null): string | null {
  if (text === null || kind === 'plain') return text;
  return kind === 'json' ? (canonicalJson(text) ?? text) : String(Number(text));
}

/** Cursors of another kind cannot be told from newer ones, and are compared. */
const isNewer = (read: Read | undefined, watermark: Watermark | undefined): boolean =>
  watermark !== undefined &&
  read?.cursor?.startsWith(watermark.kind) === true &&
  read.cursor > watermark.kind + watermark.cursor;

function unlikeRows(
  keyHash: string,
  columns: readonly ParityColumn[],
  left: Row | undefined,
  right: Row | undefined,
): readonly UnlikeRows[] {
  if (left === undefined || right === undefined) {
    if (left === right) return [];
    const kind = left === undefined ? 'extra' : 'missing';
    return [{ kind, keyHash, columns: [], ...(left && { left }), ...(right && { right }) }];
  }
  const apart = columns.filter((_, at) => left[at] !== right[at]).map(({ name }) => name);
  return apart.length === 0 ? [] : [{ kind: 'changed', keyHash, columns: apart, left, right }];
}

const digest = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

/** What a baseline knows them by: no value of theirs is in it. A value that changes further is another difference. */
export const differencesIn = (
  rows: readonly UnlikeRows[],
  columns: readonly ParityColumn[],
): readonly ParityDifference[] =>
  rows.flatMap(({ kind, keyHash, left, right, columns: apart }): readonly ParityDifference[] => {
    if (kind !== 'changed') return [{ kind, id: `${kind}:${digest([keyHash])}` }];
    return apart.map((name) => {
      const at = columns.findIndex((column) => column.name === name);
      return { kind, id: `${kind}:${name}:${digest([keyHash, left?.[at], right?.[at]])}` };
    });
  });

/** The longest text of a value that is shown. */
const shownMax = 120;

/** Some of the rows, for people. `hide` makes a hash of a value that is personal. */
export function samplesOf(
  rows: readonly UnlikeRows[],
  columns: readonly ParityColumn[],
  max: number,
  hide: (value: string) => string,
): readonly ParitySample[] {
  const shown = ({ isPersonal }: ParityColumn, value: string | null | undefined): string | null => {
    if (value === null || value === undefined) return null;
    if (isPersonal) return hide(value);
    return value.length > shownMax ? `${value.slice(0, shownMax - 1)}…` : value;
  };
  return rows.slice(0, max).map(({ kind, left, right, columns: apart }) => {
    const of = left ?? right;
    const cells = columns.map((column, at) => ({
      column,
      key: shown(column, of?.[at]),
      left: shown(column, left?.[at]),
      right: shown(column, right?.[at]),
    }));
    return {
      kind,
      key: Object.fromEntries(
        cells.filter(({ column }) => column.isKey).map(({ column, key }) => [column.name, key]),
      ),
      columns: cells
        .filter(({ column }) => apart.includes(column.name))
        .map(({ column, left: mine, right: theirs }) => ({ column: column.name, left: mine, right: theirs })),
    };
  });
}
