import type { BlockedRow, StagedValue } from '../../model/batch.ts';
import { LineSheet } from './line-sheet.ts';
import type { JsonObject } from './paths.ts';

/** A page whose records are clean of personal data. */
export interface CleanPage {
  readonly page: number;
  readonly records: readonly JsonObject[];
  readonly cursors: readonly (string | null)[];
  /** Primary key of each record, as text. */
  readonly keys: readonly string[];
  /** Whether a record is the tombstone of somebody who was forgotten. */
  readonly isForgotten?: (record: JsonObject) => boolean;
}

/** The rows so far. */
export interface Sheet {
  readonly values: StagedValue[];
  /** A line of the load file for each row. */
  readonly lines: LineSheet;
  readonly blocked: BlockedRow[];
  /** Hashes of the rows. */
  readonly seen: Set<string>;
  /** Units with a value that no property reads, by its path. */
  readonly unread: Map<string, number>;
  units: number;
  count: number;
  marks: number;
  tombstones: number;
  deduplicated: number;
  filtered: number;
  nulled: number;
}

/** Nothing of a page is mapped yet. */
export const emptySheet = (): Sheet => ({
  values: [],
  lines: new LineSheet(),
  blocked: [],
  seen: new Set(),
  unread: new Map(),
  units: 0,
  count: 0,
  marks: 0,
  tombstones: 0,
  deduplicated: 0,
  filtered: 0,
  nulled: 0,
});

/** The records but for those of persons who were forgotten, each of which is a unit that is filtered. */
export function* remembered(
  sheet: Sheet,
  { records, isForgotten }: CleanPage,
): Generator<[number, JsonObject]> {
  for (const entry of records.entries()) {
    if (!isForgotten?.(entry[1])) {
      yield entry;
      continue;
    }
    sheet.units += 1;
    sheet.filtered += 1;
  }
}
