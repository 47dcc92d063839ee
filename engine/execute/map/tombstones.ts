import type { MappedRows, PageFailure, StagedValue } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import { endOfUnit } from '../../model/instant.ts';
import type { DeletingStream, MappingPlan, StreamPlan } from '../../model/plan.ts';
import { compileConditions } from './conditions.ts';
import { compileCursors } from './cursors.ts';
import { compileKeys } from './keys.ts';
import { LineSheet } from './line-sheet.ts';
import { addMark } from './marks.ts';
import type { JsonObject } from './paths.ts';
import type { RowMapper } from './rows.ts';

/** Compiles what a stream that lists deletions says to a mapping of another stream: its records are gone. */
export function compileTombstones(stream: StreamPlan, mapping: MappingPlan): RowMapper {
  const name = `${stream.source}.${stream.name}`;
  const deleting = mapping.deletes?.streams.find((one) => one.stream === name);
  assert(deleting, `${mapping.name} learns of deletes from ${name}`);
  const keysOf = compileKeys({ ...stream, primaryKey: deleting.key });
  const isDeletion = compileConditions(deleting.where);
  const versionsOf = compileVersions(name, mapping, deleting.at);
  return async ({ page, records, cursors, isForgotten }) => {
    const deletions = records.flatMap((record, ordinal) =>
      !isForgotten?.(record) && (isDeletion === undefined || isDeletion(record, record, null))
        ? [{ record, ordinal }]
        : [],
    );
    const keys = keysOf(deletions.map(({ record }) => record));
    if ('transient' in keys) return keys;
    const versions = versionsOf(deletions, cursors);
    if ('transient' in versions) return versions;
    const made = { units: records.length, filtered: records.length - deletions.length };
    const sheet = { values: [] as StagedValue[], lines: new LineSheet(), marks: 0, tombstones: 0 };
    const { account } = stream;
    const width = mapping.properties.length;
    for (const [at, { ordinal }] of deletions.entries()) {
      const cursor = versions[at];
      addMark(sheet, { account, width, page, ordinal, key: keys[at], cursor }, 'delete');
    }
    return rowsOf(mapping, { ...made, ...sheet });
  };
}

interface Deletion {
  readonly record: JsonObject;
  /** Its place in the page. */
  readonly ordinal: number;
}

type Versions = readonly (string | null | undefined)[];

/** Compiles when deletions were, in terms of the cursor of what is gone; null where that has none. */
function compileVersions(
  stream: string,
  { versionedBy }: MappingPlan,
  at: DeletingStream['at'],
): (deletions: readonly Deletion[], cursors: Versions) => Versions | PageFailure {
  if (versionedBy === undefined) return (deletions) => deletions.map(() => null);
  if (at === undefined) return (deletions, cursors) => deletions.map(({ ordinal }) => cursors[ordinal]);
  const readCursors = compileCursors(stream, at);
  const { precisionMs } = at;
  return (deletions) => {
    const found = readCursors(deletions.map(({ record }) => record));
    if (precisionMs === undefined || 'transient' in found) return found;
    // What was there in the unit counts as before its end.
    return found.map((moment) => moment && endOfUnit(moment, precisionMs));
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
