import type { StagedValue } from './batch.ts';

/**
 * The format of load files: CSV without a header, `,` between fields and `\n` after rows. Texts are always quoted, `"` is
 * doubled; NULL is the unquoted `\N`, so that it differs from every text, the empty one and `\N` included.
 */
const nullField = '\\N';

const field = (value: StagedValue): string => {
  if (value === null) return nullField;
  if (typeof value === 'number') return String(value);
  return value.includes('"') ? `"${value.replaceAll('"', '""')}"` : `"${value}"`;
};

/** Some values of a row, as its line has them. */
export function loadFields(values: readonly StagedValue[], first = 0, count = values.length): string {
  let line = field(values[first] ?? null);
  for (let at = first + 1; at < first + count; at += 1) line += `,${field(values[at] ?? null)}`;
  return line;
}

/** One row of a load file, with its line end. */
export const loadLine = (values: readonly StagedValue[]): string => `${loadFields(values)}\n`;
