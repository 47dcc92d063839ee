import { complaint, ExplainedError, TerminalError } from '../../model/errors.ts';
import type { LoadStatement } from '../../model/plan.ts';
import type { Answer, Completeness, LoadRequest, Sample, Warehouse } from '../../model/ports.ts';
import type { WarehouseColumn, WarehouseTable } from '../../model/snapshot.ts';
import type { WarehouseUnit } from '../../model/state-port.ts';
import type { WarehouseStatements } from '../../model/warehouse-views.ts';
import { compare, loaded } from './compare.ts';
import { completenessValues, loadUnit } from './load-unit.ts';
import { deletedCount, loadedCounts } from './loads-row.ts';
import { type BoundValues, messageOf, numberOf, type UseScope, type WarehouseSession } from './session.ts';
import { execute } from './statements.ts';

/** Where sessions come from. */
export interface WarehouseConnector {
  /** For messages: `the warehouse /data/w.duckdb`. */
  readonly where: string;
  /** Whether there is a database yet; where there is none, it is made by the first statement that writes. */
  exists(): boolean;
  /** Lends a session for as long as `work` lasts, which begins again where a session is lost: it must not do anything twice. */
  using<T>(work: (session: WarehouseSession) => Promise<T>, scope?: UseScope): Promise<T>;
  /** A name as an identifier of its SQL. */
  identifier(name: string): string;
  /** A column's value as a text, where a cast would lose something of it. */
  asText?(column: string, type: string): string;
  /** Gives failures of its driver a name, where the general one would say less; others as they are. */
  explained(error: unknown): unknown;
  close(): Promise<void>;
}

type Use = WarehouseConnector['using'];

/** A warehouse whose behaviour stands in templates: the same steps for each dialect. */
export function sqlWarehouse(connector: WarehouseConnector, statements: WarehouseStatements): Warehouse {
  const using: Use = (work, scope) =>
    connector.using(work, scope).catch((error: unknown) => {
      throw connector.explained(error);
    });
  return {
    tables: async (wanted) =>
      connector.exists() ? using((session) => tables(session, statements, wanted)) : [],
    define: (ddl) => using((session) => define(session, ddl, connector)),
    loadedUnits: async (environment, after, limit) =>
      connector.exists()
        ? using((session) => unitsOf(session, statements, { prefix: `${environment}.`, after, limit }))
        : [],
    lastLoads: async (environment) =>
      connector.exists()
        ? using((session) => lastLoads(session, statements, `${environment}.`))
        : new Map<string, string>(),
    load: (steps, request) => using((session) => load(session, steps, request, connector), scopeOf(request)),
    complete: (steps, completeness) => using((session) => complete(session, steps, completeness, connector)),
    sample: async (schema, table, limit) => {
      if (!connector.exists()) throw missingTable(connector.where, schema, table);
      return using((session) => sample(session, statements, { schema, table, limit, connector }));
    },
    loads: async (steps) => (connector.exists() ? using((session) => loaded(session, steps)) : []),
    ask: async (sql, values) => (connector.exists() ? using((session) => ask(session, sql, values)) : []),
    compare: (steps, request) => using((session) => compare(session, steps, request)),
    close: () => connector.close(),
  };
}

const scopeOf = ({ run, unit, signal }: LoadRequest): UseScope => ({
  run,
  mapping: unit.mapping,
  ...(signal && { signal }),
});

/** The tables of these that exist. */
export async function tables(
  session: WarehouseSession,
  { tables: sql }: WarehouseStatements,
  wanted: readonly { schema: string; table: string }[],
): Promise<readonly WarehouseTable[]> {
  const found = new Map<string, Map<string, WarehouseColumn[]>>();
  for (const schema of new Set(wanted.map((one) => one.schema.toLowerCase()))) {
    const { rows } = await session.execute(sql, { schema });
    for (const row of rows) {
      const named = String(row['table_name']);
      const key = tableKey(schema, named);
      const alike = found.get(key) ?? new Map<string, WarehouseColumn[]>();
      alike.set(named, [...(alike.get(named) ?? []), columnOf(row)]);
      found.set(key, alike);
    }
  }
  return wanted.flatMap(({ schema, table }) =>
    [...(found.get(tableKey(schema, table)) ?? [])].map(([named, columns]) => ({
      schema,
      table,
      ...(named !== table && { named }),
      columns,
    })),
  );
}

/** Drivers give a boolean as it is, or, as PostgreSQL’s does, as a text. */
const isTold = (value: unknown, wanted: boolean): boolean =>
  (wanted ? ['true', 't'] : ['false', 'f']).includes(String(value));

function columnOf(row: { readonly [column: string]: unknown }): WarehouseColumn {
  const [name, type] = [String(row['column_name']), String(row['data_type'])];
  return {
    name,
    type,
    ...(isTold(row['is_required'], true) && { required: true }),
    ...(isTold(row['is_nullable'], false) && { nullable: false }),
  };
}

/** Names that differ only in case are refused when a project is validated. */
const tableKey = (schema: string, table: string): string =>
  JSON.stringify([schema.toLowerCase(), table.toLowerCase()]);

/** Runs statements one after another, and gives the rows of the last one. */
async function ask(
  session: WarehouseSession,
  statements: readonly string[],
  values: BoundValues,
): Promise<Answer> {
  let { rows }: { readonly rows: Answer } = { rows: [] };
  for (const sql of statements) ({ rows } = await session.execute(sql, values));
  return rows;
}

async function define(
  session: WarehouseSession,
  statements: readonly string[],
  connector: WarehouseConnector,
): Promise<void> {
  for (const statement of statements) {
    await session.execute(statement, {}).catch((error: unknown) => {
      throw named(
        connector,
        error,
        complaint(
          'ETL0701',
          `the warehouse refused DDL: ${messageOf(error)}`,
          `The statement was: ${statement.slice(0, 400)}`,
          'Mend what it complains of and run again: statements that were done before are not done twice, and the rows stay staged.',
        ),
      );
    });
  }
}

async function load(
  session: WarehouseSession,
  statements: readonly LoadStatement[],
  request: LoadRequest,
  connector: WarehouseConnector,
): ReturnType<Warehouse['load']> {
  try {
    return await loadUnit(session, statements, request);
  } catch (error) {
    const failure = named(connector, error, loadComplaint(request, error));
    // What a driver's failure is called says nothing of the rows.
    throw connector.explained(error) instanceof ExplainedError
      ? failure.said((one) => ({ ...one, help: [`It was loading ${rowsText(request)}.`, ...one.help] }))
      : failure;
  }
}

async function complete(
  session: WarehouseSession,
  statements: readonly LoadStatement[],
  completeness: Completeness,
  connector: WarehouseConnector,
): Promise<void> {
  await execute(session, statements, 'complete', completenessValues(completeness)).catch((error: unknown) => {
    throw named(
      connector,
      error,
      complaint(
        'ETL0706',
        `_etl_completeness could not be written: ${messageOf(error)}`,
        'The rows are loaded; the next run writes it again.',
      ),
    );
  });
}

/** What the connector knows a better name for keeps that name. */
function named(
  connector: WarehouseConnector,
  error: unknown,
  general: ReturnType<typeof complaint>,
): ExplainedError {
  const explained = connector.explained(error);
  return explained instanceof ExplainedError ? explained : new TerminalError(general, error);
}

async function unitsOf(
  session: WarehouseSession,
  statements: WarehouseStatements,
  scope: { readonly prefix: string; readonly after: number; readonly limit: number },
): Promise<readonly WarehouseUnit[]> {
  if ((await tables(session, statements, [statements.loads])).length === 0) return [];
  const { rows } = await session.execute(statements.units, scope);
  return rows.map((row) => ({
    id: String(row['unit']),
    mapping: String(row['mapping']),
    run: String(row['run']),
    firstPage: Number(row['first_page']),
    lastPage: Number(row['last_page']),
    counts: { ...loadedCounts(row), deleted: deletedCount(row) },
    loadedAt: String(row['loaded_at']),
  }));
}

async function lastLoads(
  session: WarehouseSession,
  statements: WarehouseStatements,
  prefix: string,
): Promise<ReadonlyMap<string, string>> {
  if ((await tables(session, statements, [statements.loads])).length === 0) return new Map();
  const { rows } = await session.execute(statements.lastLoads, { prefix });
  return new Map(rows.map((row) => [String(row['mapping']), String(row['loaded_at'])]));
}

async function sample(
  session: WarehouseSession,
  statements: WarehouseStatements,
  wanted: {
    readonly schema: string;
    readonly table: string;
    readonly limit: number;
    readonly connector: WarehouseConnector;
  },
): Promise<Sample> {
  const { schema, table, limit, connector } = wanted;
  const { identifier, asText = (column) => `CAST(${column} AS VARCHAR)` } = connector;
  const [known] = await tables(session, statements, [{ schema, table }]);
  if (known === undefined) throw missingTable(connector.where, schema, table);
  const target = `${identifier(schema)}.${identifier(table)}`;
  const counted = await session.execute(`SELECT count(*) AS "total" FROM ${target}`, {});
  const names = known.columns.map(({ name }) => name);
  const columns = known.columns
    .map(({ name, type }, at) => `${asText(identifier(name), type)} AS "c${at}"`)
    .join(', ');
  const order = names.slice(0, 3).map(identifier).join(', ');
  const { rows } = await session.execute(
    `SELECT ${columns} FROM ${target} ORDER BY ${order} LIMIT ${limit}`,
    {},
  );
  const cell = (value: unknown): string | null =>
    value === null || value === undefined ? null : String(value);
  return {
    columns: names,
    rows: rows.map((row) => names.map((_, at) => cell(row[`c${at}`]))),
    total: numberOf(counted, 'total'),
  };
}

const missingTable = (where: string, schema: string, table: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0702',
      `${where} has no table ${schema}.${table} yet`,
      'It is made by the first `etl run` that loads it.',
    ),
  );

const rowsText = ({ unit, schema, table }: LoadRequest): string =>
  `pages ${unit.firstPage} to ${unit.lastPage} of ${unit.mapping} into ${schema}.${table}`;

const loadComplaint = (request: LoadRequest, error: unknown): ReturnType<typeof complaint> =>
  complaint(
    'ETL0705',
    `loading ${rowsText(request)} failed: ${messageOf(error)}`,
    'The transaction was rolled back: the table is as it was. The rows stay staged, and the next run loads them.',
  );
