import { type StagedValue, stagedMeta } from '../../model/batch.ts';
import { accountColumn } from '../../model/columns.ts';
import type { MappingPlan } from '../../model/plan.ts';

/**
 * Whether the row that begins at `start`, the last of a page, says once more what the page has said before: the latest
 * row of its key has the same content, is of the same record, and has the same cursor.
 */
export type DuplicateFinder = (values: readonly StagedValue[], start: number) => boolean;

/** Asked only of rows whose hash the page has seen, so it may look at every row before. */
export function compileDuplicates({ key, properties }: MappingPlan): DuplicateFinder {
  const columns = [accountColumn, ...properties.map(({ name }) => name), ...stagedMeta];
  const width = columns.length;
  const keyed = key.map((column) => columns.indexOf(column));
  const [hash, record] = [columns.indexOf('_hash'), columns.indexOf('_record')];
  const version = [hash, record, columns.indexOf('_cursor')];
  return (values, start) => {
    const same = (at: number, positions: readonly number[]): boolean =>
      positions.every((position) => values[at + position] === values[start + position]);
    for (let at = start - width; at >= 0; at -= width) {
      // A line without a hash is no row: it says something of its record, which the row behind it takes back.
      if (values[at + hash] === '' && same(at, [record])) return false;
      if (same(at, keyed)) return same(at, version);
    }
    return false;
  };
}
