import { type DuckDBConnection, DuckDBInstance, DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api';
import { canonicalJson, jsonAt } from './json.ts';
import { macros } from './macros.ts';
import { fromDuckDb } from './sql-error.ts';

export type Row = readonly (string | null)[];

/** The DuckDB behind the stand-in. */
export class Database {
  readonly #instance: DuckDBInstance;
  readonly main: DuckDBConnection;
  #saved: Promise<void> = Promise.resolve();

  private constructor(instance: DuckDBInstance, main: DuckDBConnection) {
    this.#instance = instance;
    this.main = main;
  }

  static async open(path: string): Promise<Database> {
    const instance = await DuckDBInstance.create(path, { threads: '2', memory_limit: '1GB' });
    const main = await instance.connect();
    main.registerScalarFunction(onTexts('sf_canonical', 1, ([text = '']) => read(text).json));
    main.registerScalarFunction(onTexts('sf_why_not', 1, ([text = '']) => read(text).why));
    main.registerScalarFunction(
      onTexts('sf_member', 2, ([text = '', keys = '[]']) => jsonAt(text, JSON.parse(keys))),
    );
    await main.run("SET TimeZone = 'UTC'");
    for (const macro of macros) await main.run(`CREATE OR REPLACE MACRO ${macro}`);
    await main.run('CREATE TABLE IF NOT EXISTS main."sf~catalog" (saved VARCHAR)');
    return new Database(instance, main);
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  async saved(): Promise<string | undefined> {
    const [row] = await rowsOf(this.main, 'SELECT saved FROM main."sf~catalog"');
    return row?.[0] ?? undefined;
  }

  /** One after another, whoever asks. */
  save(catalog: string): Promise<void> {
    this.#saved = this.#saved.then(() => this.#save(catalog));
    return this.#saved;
  }

  async #save(catalog: string): Promise<void> {
    await this.main.run('BEGIN');
    await this.main.run('DELETE FROM main."sf~catalog"');
    await this.main.run('INSERT INTO main."sf~catalog" VALUES ($1)', [catalog]);
    await this.main.run('COMMIT');
  }

  close(): void {
    this.main.closeSync();
    this.#instance.closeSync();
  }
}

/** Rows of texts: the query has made texts of all values. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
  } catch (error) {
    throw fromDuckDb(error);
  }
}

/** Runs a statement and gives the number of rows it changed. */
export async function run(connection: DuckDBConnection, sql: string): Promise<number> {
  try {
    return (await connection.run(sql)).rowsChanged;
  } catch (error) {
    throw fromDuckDb(error);
  }
}

/** An error thrown here would not find its way: what is no JSON is NULL, and why is asked apart. */
function read(text: string): { readonly json?: string; readonly why?: string } {
  try {
    return { json: canonicalJson(text) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function onTexts(
  name: string,
  count: number,
  work: (texts: readonly string[]) => string | undefined,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    returnType: VARCHAR,
    parameterTypes: Array.from({ length: count }, () => VARCHAR),
    mainFunction: (_, input, output) => {
      const columns = Array.from({ length: count }, (_none, at) => input.getColumnValues(at));
      for (let row = 0; row < input.rowCount; row += 1) {
        const values = columns.map((column) => column[row]);
        const isWhole = values.every((value) => typeof value === 'string');
        output.setItem(row, (isWhole ? work(values as string[]) : undefined) ?? null);
      }
      output.flush();
    },
  });
}
