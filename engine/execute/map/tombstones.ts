import type { MappedRows, StagedValue } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import { compileConditions } from './conditions.ts';
import { compileKeys } from './keys.ts';
import { LineSheet } from './line-sheet.ts';
import { addMark } from './marks.ts';
import type { RowMapper } from './rows.ts';

/** Compiles what a stream that lists deletions says to a mapping of another stream: its records are gone. */
export function compileTombstones(stream: StreamPlan, mapping: MappingPlan): RowMapper {
  const name = `${stream.source}.${stream.name}`;
  const deleting = mapping.deletes?.streams.find((one) => one.stream === name);
  assert(deleting, `${mapping.name} learns of deletes from ${name}`);
  const keysOf = compileKeys({ ...stream, primaryKey: deleting.key });
  const isDeletion = compileConditions(deleting.where);
  const isVersioned = mapping.versionedBy !== undefined;
  return async ({ page, records, cursors, isForgotten }) => {
    const deletions = records.flatMap((record, ordinal) =>
      !isForgotten?.(record) && (isDeletion === undefined || isDeletion(record, record, null))
        ? [{ record, ordinal }]
        : [],
    );
    const keys = keysOf(deletions.map(({ record }) => record));
    if ('transient' in keys) return keys;
    const made = { units: records.length, filtered: records.length - deletions.length };
    const sheet = { values: [] as StagedValue[], lines: new LineSheet(), marks: 0, tombstones: 0 };
    const { account } = stream;
    const width = mapping.properties.length;
    for (const [at, { ordinal }] of deletions.entries()) {
      const cursor = isVersioned ? cursors[ordinal] : null;
      addMark(sheet, { account, width, page, ordinal, key: keys[at], cursor }, 'delete');
    }
    return rowsOf(mapping, { ...made, ...sheet });
  };
}

const rowsOf = (
  { name }: MappingPlan,
  {
    lines,
    ...sheet
  }: Pick<MappedRows, 'units' | 'filtered' | 'values' | 'marks' | 'tombstones'> & {
    readonly lines: LineSheet;
  },
): MappedRows => ({
  mapping: name,
  ...sheet,
  lines: lines.bytes(),
  count: 0,
  deduplicated: 0,
  nulled: 0,
  blocked: [],
});
