import type { StagedValue } from '../../model/batch.ts';
import { accountColumn } from '../../model/columns.ts';
import type { MappingPlan } from '../../model/plan.ts';
import { Invalid } from './invalid.ts';
import type { BadValue } from './row-values.ts';

/** What of the row that begins at `start`, and of its line, the warehouse cannot hold. */
export type RowLimits = (values: readonly StagedValue[], start: number, line: string) => BadValue | undefined;

/** A line of a load file may have 16 MiB, and a character up to four bytes. */
const lineCharactersMax = 4_000_000;

const ofRow = (reason: string): BadValue => ({
  property: '',
  invalid: new Invalid('range', reason),
  value: null,
});

export function compileRowLimits({
  key,
  properties,
  keyBytesMax = Number.POSITIVE_INFINITY,
}: MappingPlan): RowLimits {
  const columns = [accountColumn, ...properties.map(({ name }) => name)];
  const keyed = key.map((column) => columns.indexOf(column));
  const isKeyTooLong = (values: readonly StagedValue[], start: number): boolean =>
    keyed.reduce((bytes, at) => bytes + Buffer.byteLength(String(values[start + at] ?? '')), 0) > keyBytesMax;
  return (values, start, line) => {
    if (line.length > lineCharactersMax)
      return ofRow(`the row has ${line.length} characters; a warehouse takes ${lineCharactersMax} at most`);
    // Only a long line can have a long key.
    return line.length * bytesOfCharacterMax > keyBytesMax && isKeyTooLong(values, start)
      ? ofRow(`the key of the row has more than ${keyBytesMax} bytes, which the warehouse cannot index`)
      : undefined;
  };
}

/** A character that takes two units of a text has four bytes. */
const bytesOfCharacterMax = 3;
