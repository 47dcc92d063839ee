import type { LoadStatement } from '../../model/plan.ts';
import type { Completeness, LoadCounts, LoadRequest } from '../../model/ports.ts';
import { deletedCount, loadedCounts } from './loads-row.ts';
import { type BoundValues, numberOf, type Rows, type WarehouseSession } from './session.ts';
import { bring, execute } from './statements.ts';

interface Runner {
  has(name: LoadStatement['name']): boolean;
  run(name: LoadStatement['name'], more?: BoundValues): Promise<Rows>;
}

/**
 * Loads one unit. The file is brought first; then the merge, the unit's row in `_etl_loads` and what readers are told are one
 * transaction: after a crash either all of it is there, or nothing.
 */
export async function loadUnit(
  session: WarehouseSession,
  statements: readonly LoadStatement[],
  request: LoadRequest,
): Promise<LoadCounts> {
  const values = parametersOf(request);
  const runner = runnerOf(session, statements, values);
  await bring(session, statements, values, request.file);
  const counts = await inTransaction(session, async () => {
    const [known] = (await runner.run('known')).rows;
    return known === undefined ? performed(runner, request) : countsOf(known);
  });
  // What is temporary goes with the session in any case, and what is loaded is loaded.
  if (runner.has('clean')) await runner.run('clean').catch(() => {});
  return counts;
}

async function inTransaction<T>(session: WarehouseSession, work: () => Promise<T>): Promise<T> {
  await session.begin();
  try {
    const result = await work();
    await session.commit();
    return result;
  } catch (error) {
    await session.rollback().catch(() => {});
    throw error;
  }
}

async function performed(runner: Runner, { rows, completeness }: LoadRequest): Promise<LoadCounts> {
  const { run } = runner;
  const file = await run('superseded');
  requireWhole(file, rows);
  const counts = runner.has('intervals')
    ? await historyLoaded(run, rows, numberOf(file, 'superseded'))
    : await rowsLoaded(runner, rows, file);
  await run('record', counts);
  if (completeness !== undefined) await run('complete', completenessValues(completeness));
  return { ...counts, held: 0 };
}

type Counts = Omit<LoadCounts, 'held'>;

/** What became of the rows is worked out before the table is touched: the intervals of their keys, from all versions known. */
async function historyLoaded(run: Runner['run'], rows: number, superseded: number): Promise<Counts> {
  for (const name of ['newest', 'touched', 'unremember', 'remember', 'marks', 'events', 'intervals'] as const)
    await run(name);
  const judged = await run('judged');
  const [inserted, updated] = [numberOf(judged, 'inserted'), numberOf(judged, 'updated')];
  for (const name of ['merge', 'retire', 'prune'] as const) await run(name);
  const unchanged = rows - superseded - inserted - updated;
  return { staged: rows, inserted, updated, unchanged, superseded, deleted: 0 };
}

async function rowsLoaded(runner: Runner, rows: number, file: Rows): Promise<Counts> {
  const { run } = runner;
  const leaving = runner.has('remove');
  const older = leaving
    ? rows - (await currentRows(run))
    : await olderRows(runner, numberOf(file, 'superseded'));
  const outdated = runner.has('outdated') ? (await run('outdated')).changed : 0;
  const { inserted, written } = await merged(runner, boundsOf(file));
  // Most loads write all they have; what did not get in is looked for only where there is something.
  const rest = rows - older - written;
  const refused =
    rest === 0 || !runner.has('refused') ? 0 : numberOf(await run('refused', boundsOf(file)), 'refused');
  const removed = leaving ? (await run('remove')).changed : 0;
  return {
    staged: rows,
    inserted,
    updated: written - inserted,
    unchanged: rest - refused,
    superseded: older + refused,
    deleted: outdated + removed,
  };
}

/** A window over all columns costs several times the merge, so it is used only where a row has several versions. */
async function olderRows(runner: Runner, superseded: number): Promise<number> {
  const name = superseded === 0 ? 'batch' : 'newest';
  if (runner.has(name)) await runner.run(name);
  return superseded;
}

/** Where rows leave the table, what records say of themselves decides which rows are current. */
async function currentRows(run: Runner['run']): Promise<number> {
  if (numberOf(await run('orphans'), 'rows') > 0) await run('adopt');
  await run('marks');
  await run('remember');
  await run('current');
  return numberOf(await run('size'), 'rows');
}

/** Some warehouses say what a merge has done; in others the table is counted before and after it. */
async function merged(
  runner: Runner,
  bounds: BoundValues,
): Promise<{ readonly inserted: number; readonly written: number }> {
  const { run } = runner;
  const before = runner.has('count') ? numberOf(await run('count'), 'rows') : undefined;
  const merge = await run((await isNew(runner)) ? 'insert' : 'merge', bounds);
  if (before === undefined) {
    const inserted = numberOf(merge, 'inserted');
    const written = runner.has('written') ? numberOf(await run('written'), 'written') : undefined;
    return { inserted, written: written ?? inserted + numberOf(merge, 'updated') };
  }
  const after = await run('count');
  return { inserted: numberOf(after, 'rows') - before, written: numberOf(after, 'written') };
}

/** Whether none of the rows is in the table, where that is asked. */
const isNew = async ({ has, run }: Runner): Promise<boolean> =>
  has('matched') && numberOf(await run('matched'), 'rows') === 0;

/** The least and the greatest values of some columns, where a merge looks for its rows only between them. */
const boundsOf = ({ rows }: Rows): BoundValues =>
  Object.fromEntries(
    Object.entries(rows[0] ?? {})
      .filter(([name]) => /^(?:low|high)\d+$/.test(name))
      .map(([name, value]) => [name, value === null ? null : String(value)]),
  );

/** A row that the file lacks would count as unchanged, and never be missed. @throws Error, which takes the load back */
function requireWhole(file: Rows, rows: number): void {
  const filed = numberOf(file, 'filed');
  if (filed !== rows) throw new Error(`the load file holds ${filed} of ${rows} rows`);
}

export const completenessValues = ({ until, blockers }: Completeness): BoundValues => ({
  complete_until: until ?? null,
  moves: until !== undefined,
  open_blockers: blockers,
});

const parametersOf = ({ unit, run, file, loadedAt }: LoadRequest): BoundValues => ({
  file,
  run,
  unit: unit.id,
  first_page: unit.firstPage,
  last_page: unit.lastPage,
  loaded_at: loadedAt,
});

const runnerOf = (
  session: WarehouseSession,
  statements: readonly LoadStatement[],
  values: BoundValues,
): Runner => ({
  has: (name) => statements.some((one) => one.name === name),
  run: (name, more = {}) => execute(session, statements, name, { ...values, ...more }),
});

/** The counts of a unit that `_etl_loads` has already. */
const countsOf = (row: Rows['rows'][number]): LoadCounts => ({
  ...loadedCounts(row),
  deleted: deletedCount(row),
  held: 0,
});
