import type { DuckDBValue } from '@duckdb/node-api';
import type { LoadStatement } from '../../model/plan.ts';
import type { LoadCounts, LoadRequest } from '../../model/ports.ts';
import { numberOf, type Rows } from './statements.ts';

type Run = (name: LoadStatement['name'], more?: Readonly<Record<string, DuckDBValue>>) => Promise<Rows>;

/** Merges a load file into its table, and counts what became of its rows. */
export async function loadUnit(run: Run, { rows }: LoadRequest, leaving: boolean): Promise<LoadCounts> {
  await run('open');
  await run('copy');
  const file = await run('superseded');
  requireWhole(file, rows);
  const older = leaving
    ? rows - (await currentRows(run))
    : await olderRows(run, numberOf(file, 'superseded'));
  const before = numberOf(await run('count'), 'rows');
  await run('merge');
  const after = await run('count');
  const written = numberOf(after, 'written');
  const inserted = numberOf(after, 'rows') - before;
  // Most loads write all they have; what did not get in is looked for only where there is something.
  const rest = rows - older - written;
  const refused = rest === 0 ? 0 : numberOf(await run('refused'), 'refused');
  const deleted = leaving ? (await run('remove')).changed : 0;
  const counts = {
    staged: rows,
    inserted,
    updated: written - inserted,
    unchanged: rest - refused,
    superseded: older + refused,
    deleted,
  };
  await run('record', bigints(counts));
  return { ...counts, held: 0 };
}

/** A window over all columns costs several times the merge, so it is used only where a row has several versions. */
async function olderRows(run: Run, superseded: number): Promise<number> {
  await run(superseded === 0 ? 'batch' : 'newest');
  return superseded;
}

/** Where rows leave the table, what records say of themselves decides which rows are current. */
async function currentRows(run: Run): Promise<number> {
  if (numberOf(await run('orphans'), 'rows') > 0) await run('adopt');
  await run('marks');
  await run('remember');
  await run('current');
  return numberOf(await run('size'), 'rows');
}

/** A row that the file lacks would count as unchanged, and never be missed. @throws Error, which takes the load back */
function requireWhole(file: Rows, rows: number): void {
  const filed = numberOf(file, 'filed');
  if (filed !== rows) throw new Error(`the load file holds ${filed} of ${rows} rows`);
}

const bigints = (counts: Omit<LoadCounts, 'held'>): Record<string, DuckDBValue> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, BigInt(count)]));

/** The counts of a unit that `_etl_loads` has already. */
export const countsOf = (row: Readonly<Record<string, DuckDBValue>>): LoadCounts => ({
  staged: Number(row['staged']),
  inserted: Number(row['inserted']),
  updated: Number(row['updated']),
  unchanged: Number(row['unchanged']),
  superseded: Number(row['superseded']),
  deleted: Number(row['deleted'] ?? 0),
  held: 0,
});
