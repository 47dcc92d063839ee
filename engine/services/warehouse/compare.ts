import type {
  AuditStatement,
  AuditStatementName,
  DifferenceExample,
  DifferenceKind,
  LoadRecord,
  TableComparison,
} from '../../model/audit.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import type { CompareRequest } from '../../model/ports.ts';
import { loadedCounts } from './loads-row.ts';
import { type BoundValues, messageOf, numberOf, type Rows, type WarehouseSession } from './session.ts';
import { bring, execute } from './statements.ts';

type Row = Rows['rows'][number];
type Run = (name: AuditStatementName) => Promise<Rows>;

/** The loads of a mapping that the warehouse has noted. */
export async function loaded(
  session: WarehouseSession,
  statements: readonly AuditStatement[],
): Promise<readonly LoadRecord[]> {
  const { rows } = await runner(session, statements, {})('loaded');
  return rows.map((row) => ({
    unit: String(row['unit']),
    run: String(row['run']),
    firstPage: Number(row['first_page']),
    lastPage: Number(row['last_page']),
    counts: loadedCounts(row),
    loadedAt: String(row['loaded_at']),
  }));
}

/** Everything that is made for it is temporary. */
export async function compare(
  session: WarehouseSession,
  statements: readonly AuditStatement[],
  request: CompareRequest,
): Promise<TableComparison> {
  const run = runner(session, statements, parameters(request));
  try {
    await bring(session, statements, parameters(request), request.file);
    const held = statements.some(({ name }) => name === 'current');
    // The table knows newer versions of records than the rows that are staged, or keeps all of them; a listing has the newest.
    const hasHistory = statements.some(({ name }) => name === 'intervals');
    if (hasHistory && request.source === undefined)
      for (const name of ['versions', 'touched', 'events', 'intervals'] as const) await run(name);
    const superseded = held && request.source === undefined ? await currentRows(run) : await newestRows(run);
    await run(request.source === undefined ? 'compare' : 'compare_source');
    const kinds = Object.fromEntries(
      (await run('counted')).rows.map((row) => [String(row['kind']), Number(row['rows'])]),
    );
    return {
      superseded,
      found: numberOf(await run('count'), 'rows'),
      kinds: { ...noDifferences, ...kinds },
      examples: (await run('examples')).rows.map(exampleOf),
    };
  } catch (error) {
    throw compareFailure(request, error);
  }
}

async function newestRows(run: Run): Promise<number> {
  const superseded = numberOf(await run('superseded'), 'superseded');
  await run(superseded === 0 ? 'batch' : 'newest');
  return superseded;
}

async function currentRows(run: Run): Promise<number> {
  await run('current');
  return numberOf(await run('older_rows'), 'superseded');
}

const noDifferences = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

const runner =
  (session: WarehouseSession, statements: readonly AuditStatement[], values: BoundValues): Run =>
  (name) =>
    execute(session, statements, name, values);

/** Any number of a page, also one that was made up. */
const everyPage = { first: -(2n ** 63n), last: 2n ** 63n - 1n };

const parameters = ({ file, pages, source }: CompareRequest): BoundValues => ({
  file,
  first_page: pages?.first ?? everyPage.first,
  last_page: pages?.last ?? everyPage.last,
  started_at: source?.startedAt ?? null,
  changed_from: source?.changedFrom ?? null,
  from: source?.from ?? null,
  account: source?.account ?? null,
});

const exampleOf = (row: Row): DifferenceExample => ({
  kind: String(row['kind']) as DifferenceKind,
  key: JSON.parse(String(row['row_key'])) as (string | null)[],
  columns: String(row['columns'])
    .split('\n')
    .filter((column) => column !== ''),
  page: Number(row['page']),
});

const compareFailure = ({ schema, table }: CompareRequest, error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0707',
      `${schema}.${table} could not be compared: ${messageOf(error)}`,
      'Nothing was changed. If a column is missing or has another type, `etl plan` says what a run would do about it.',
    ),
    error,
  );
