import type { MarkerOp, StagedValue } from '../../model/batch.ts';
import { loadLine } from '../../model/load-file.ts';
import type { DeletesPlan } from '../../model/plan.ts';
import { compileConditions } from './conditions.ts';
import type { LineSheet } from './line-sheet.ts';
import type { JsonObject } from './paths.ts';

/** Whether a record says of itself that it is gone; undefined where none can. */
export function compileFlags(
  deletes: DeletesPlan | undefined,
): ((record: JsonObject) => boolean) | undefined {
  const flags = (deletes?.flags ?? []).flatMap((conditions) => compileConditions(conditions) ?? []);
  return flags.length === 0 ? undefined : (record) => flags.some((flag) => flag(record, record, null));
}

/** Where markers go. */
interface Marked {
  readonly values: StagedValue[];
  /** A line of the load file for each row. */
  readonly lines: LineSheet;
  marks: number;
  tombstones: number;
}

/** What a marker is about. */
interface Subject {
  readonly account: string;
  /** How many columns of the mapping stay NULL. */
  readonly width: number;
  readonly page: number;
  readonly ordinal: number;
  /** Primary key of the record. */
  readonly key: string | undefined;
  readonly cursor: string | null | undefined;
}

/** Adds a marker: see `stagedMeta`. */
export function addMark(sheet: Marked, subject: Subject, op: MarkerOp): void {
  const { account, width, page, ordinal, key = '', cursor = null } = subject;
  const line = [account, ...Array<null>(width).fill(null), page, ordinal, null, key, cursor, '', op];
  sheet.values.push(...line);
  sheet.lines.push(loadLine(line));
  sheet.marks += 1;
  if (op === 'delete') sheet.tombstones += 1;
}
