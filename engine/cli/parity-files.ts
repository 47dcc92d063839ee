import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { complaint, RefusedError } from '../model/errors.ts';
import type { ParityBaseline, ParityDifference, TableParity } from '../model/parity.ts';

type Pair = Pick<ParityBaseline, 'environment' | 'against'>;

/** The accepted differences. One that does not exist yet is empty where it is about to be written. @throws RefusedError (exit 3) */
export function readBaseline(file: string, pair: Pair, isNew: boolean): ParityBaseline | undefined {
  if (!existsSync(file)) {
    if (isNew) return undefined;
    throw unusable(file, 'it does not exist', 'Make it with `--accept`.');
  }
  const found = parsed(file);
  if (found?.format !== 1 || typeof found.tables !== 'object')
    throw unusable(
      file,
      'it is no baseline of this version',
      'Make it anew with `--accept`, after removing it.',
    );
  if (found.environment !== pair.environment || found.against !== pair.against)
    throw unusable(
      file,
      `it is about ${found.environment} against ${found.against}, not ${pair.environment} against ${pair.against}`,
      'Name another file: each comparison has its own.',
    );
  return found;
}

function parsed(file: string): ParityBaseline | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof found === 'object' && found !== null ? (found as ParityBaseline) : undefined;
  } catch {
    return undefined;
  }
}

const unusable = (file: string, why: string, help: string): RefusedError =>
  new RefusedError('invalid', [complaint('ETL0773', `the baseline ${file} cannot be used: ${why}`, help)]);

/** Writes what differs now, table by table; tables that were not compared stay as they were. @throws RefusedError (exit 4) */
export function acceptBaseline(
  file: string,
  pair: Pair,
  tables: readonly TableParity[],
  differences: { readonly [mapping: string]: readonly ParityDifference[] },
  before: ParityBaseline | undefined,
): void {
  const open = tables.filter(({ truncated, verdict }) => truncated || verdict === 'inconclusive');
  if (open.length > 0)
    throw new RefusedError('refused', [
      complaint(
        'ETL0774',
        `the differences of ${open.map(({ mapping }) => mapping).join(', ')} cannot be accepted`,
        'They are too many to be listed, or the table could not be compared: a baseline would hide what nobody has seen.',
        'Exclude the table or the column with a reason and a date, or mend it. The baseline was not written.',
      ),
    ]);
  const now = tables.flatMap(({ mapping }) => {
    const ids = (differences[mapping] ?? []).map(({ id }) => id).sort();
    return [[mapping, ids] as const];
  });
  const all = { ...before?.tables, ...Object.fromEntries(now) };
  const kept = Object.entries(all)
    .filter(([, ids]) => ids.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const baseline: ParityBaseline = { format: 1, ...pair, tables: Object.fromEntries(kept) };
  replaced(file, `${JSON.stringify(baseline, null, 2)}\n`);
}

/** Whoever reads it sees the old text or the new one. */
function replaced(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
