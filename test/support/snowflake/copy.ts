import { type Answer, listed, statementTypes } from './answer.ts';
import type { CopyInto, FileFormat } from './ast.ts';
import { assigned, asText, literal, readBinary, type Typed } from './cast.ts';
import type { Table } from './catalog.ts';
import { compressionOf, csvRelation } from './csv-file.ts';
import type { Row } from './database.ts';
import { parquetRelation } from './parquet-file.ts';
import { id, type Relation, Scope } from './scope.ts';
import { fromDuckDb, invalid, notTaken, SqlError } from './sql-error.ts';
import { integer, varchar, variant } from './sql-types.ts';
import type { StagedFile } from './stage-files.ts';
import { displayed, stageOf } from './stages.ts';
import { type Job, list } from './world.ts';

const columns = [
  ['file', varchar],
  ['status', varchar],
  ['rows_parsed', integer],
  ['rows_loaded', integer],
  ['error_limit', integer],
  ['errors_seen', integer],
  ['first_error', varchar],
  ['first_error_line', integer],
  ['first_error_character', integer],
  ['first_error_column_name', varchar],
] as const;

/** COPY INTO: every file that was not loaded into this table before, all or nothing. */
export async function copy(job: Job, statement: CopyInto): Promise<Answer> {
  checkOptions(statement);
  const table = await job.target(statement.table, 'INSERT');
  const { name, path } = stageOf(job, statement.stage);
  const found = chosen(await job.world.files.under(name, path), path, statement.options);
  if (found.length === 0)
    return listed([['status', varchar]], [['Copy executed with 0 files processed.']], statementTypes.copy);
  const loaded: StagedFile[] = [];
  const rows = await job.atomic(async () => {
    const answers: Row[] = [];
    for (const staged of found) {
      const shown = displayed(name, staged.path);
      if (wasLoaded(job, table, shown, staged) && statement.options['FORCE'] !== true) {
        answers.push([
          shown,
          'LOAD_SKIPPED',
          '0',
          '0',
          '1',
          '0',
          'File was loaded before.',
          null,
          null,
          null,
        ]);
        continue;
      }
      const count = String(await load(job, statement, table, staged, shown));
      answers.push([shown, 'LOADED', count, count, '1', '0', null, null, null, null]);
      loaded.push(staged);
    }
    job.session.atCommit.push(() =>
      remember(
        job,
        table,
        loaded.map((one) => [displayed(name, one.path), one.md5]),
      ),
    );
    return answers;
  });
  if (statement.options['PURGE'] === true)
    for (const { path: one } of loaded) await job.world.files.remove(name, one);
  return listed(columns, rows, statementTypes.copy);
}

function checkOptions({ options, format, items, columns: given }: CopyInto): void {
  const onError = String(options['ON_ERROR'] ?? 'ABORT_STATEMENT').toUpperCase();
  if (onError !== 'ABORT_STATEMENT') throw notTaken(`ON_ERROR = ${onError}`);
  const byName = matching(options);
  if (byName !== 'NONE' && (items !== undefined || given !== undefined))
    throw notTaken('MATCH_BY_COLUMN_NAME with a list of columns or a transformation');
  if (byName !== 'NONE' && format['TYPE'] === 'CSV') throw notTaken('MATCH_BY_COLUMN_NAME with CSV');
}

const matching = (options: FileFormat): string =>
  String(options['MATCH_BY_COLUMN_NAME'] ?? 'NONE').toUpperCase();

/** Files named are looked for under the path; those that are not there are an error. */
function chosen(found: readonly StagedFile[], path: string, options: FileFormat): readonly StagedFile[] {
  const { FILES: names, PATTERN: pattern } = options;
  const fitting =
    typeof pattern === 'string'
      ? found.filter((one) => new RegExp(`^(?:${pattern})$`).test(one.path))
      : found;
  if (!Array.isArray(names)) return fitting;
  return (names as readonly string[]).map((name) => {
    const full = path === '' || path.endsWith('/') ? `${path}${name}` : `${path}/${name}`;
    const one = fitting.find((staged) => staged.path === full);
    if (one === undefined) throw new SqlError('091016', '02000', `Remote file '${full}' was not found.`);
    return one;
  });
}

const current = (job: Job, table: Table): Table => job.world.access.find(job.session, table.name) ?? table;

const wasLoaded = (job: Job, table: Table, shown: string, { md5 }: StagedFile): boolean =>
  current(job, table).loaded.get(shown) === md5;

function remember(job: Job, table: Table, files: readonly (readonly [string, string])[]): void {
  const now = current(job, table);
  job.tablesOf(table.how).set({ ...now, loaded: new Map([...now.loaded, ...files]) });
}

async function load(
  job: Job,
  statement: CopyInto,
  table: Table,
  staged: StagedFile,
  shown: string,
): Promise<number> {
  const relation = await relationOf(job, statement, table, staged);
  const names = statement.columns ?? table.columns.map(({ name }) => name);
  const values = valuesOf(job, statement, table, relation);
  if (matching(statement.options) === 'NONE' && values.length !== names.length)
    throw new SqlError(
      '002020',
      '21S01',
      `SQL compilation error:\nInsert value list does not match column list expecting ${names.length} but got ${values.length}`,
    );
  const into = values.map(({ column, value }, at) => {
    const name = column ?? names[at] ?? '';
    const found = table.columns.find((one) => one.name === name);
    if (found === undefined) throw invalid(`invalid identifier '${name}'`);
    return { name, sql: converted(job, statement.format, found, { sql: `"${at}"`, type: value.type }) };
  });
  // Two levels, so that what is read is worked out once before it is checked.
  const inner = values.map(({ value }, at) => `${value.sql} AS "${at}"`).join(', ');
  const sql = `INSERT INTO ${table.physical} (${list(into.map(({ name }) => name))}) SELECT ${into.map((one) => one.sql).join(', ')} FROM (SELECT ${inner} FROM ${relation.sql} AS ${id(relation.name[0] ?? '')})`;
  try {
    return await job.run(sql);
  } catch (error) {
    const { code, sqlState, message } = fromDuckDb(error);
    const text = `${message}\n  File '${shown}'\n  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option.`;
    throw new SqlError(code === '000603' ? '100016' : code, sqlState, text);
  }
}

/** Texts for BINARY columns are read in the file's format. */
function converted(job: Job, format: FileFormat, column: Table['columns'][number], value: Typed): string {
  const isText = value.type.kind === 'VARCHAR';
  if (value.type.kind === 'VARIANT' && column.type.kind !== 'VARIANT')
    return converted(job, format, column, asText(value));
  if (column.type.kind === 'BINARY' && isText) {
    const read = readBinary(value.sql, String(format['BINARY_FORMAT'] ?? 'HEX').toUpperCase(), false);
    return `sf_binary_up_to(${read}, ${column.type.size})`;
  }
  return assigned(value, column, job.session.timezone);
}

interface Loaded {
  /** The column that it is for, where names decide. */
  readonly column?: string;
  readonly value: Typed;
}

function valuesOf(
  job: Job,
  { items, options, as, format }: CopyInto,
  table: Table,
  relation: Relation,
): Loaded[] {
  if (matching(options) !== 'NONE') return byName(table, relation, matching(options) === 'CASE_SENSITIVE');
  if (items === undefined) {
    if (format['TYPE'] === 'PARQUET')
      throw notTaken('Parquet without a transformation or MATCH_BY_COLUMN_NAME');
    return (relation.positions ?? []).map((value) => ({ value }));
  }
  const scope = new Scope();
  scope.add(as === undefined ? relation : { ...relation, name: [as] });
  const translator = job.translator.translator(scope);
  return items.map(({ of }) => ({ value: translator.expression(of) }));
}

/** Columns that the file lacks are left NULL; members that the table lacks are dropped. */
function byName(table: Table, { members, positions }: Relation, isExact: boolean): Loaded[] {
  return table.columns.flatMap(({ name }) => {
    if (members === undefined) {
      const sql = `sf_member(${positions?.[0]?.sql}, ${literal(JSON.stringify([name]))})`;
      if (!isExact)
        throw notTaken('MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE with JSON: name the columns exactly');
      return [{ column: name, value: { sql: `nullif(${sql}, 'null')`, type: variant } }];
    }
    const key = [...members.keys()].find((one) =>
      isExact ? one === name : one.toUpperCase() === name.toUpperCase(),
    );
    const value = key === undefined ? undefined : members.get(key);
    return value === undefined ? [] : [{ column: name, value }];
  });
}

async function relationOf(
  job: Job,
  { format, items, columns: given }: CopyInto,
  table: Table,
  staged: StagedFile,
): Promise<Relation> {
  if (format['TYPE'] === 'PARQUET') return parquetRelation(job, staged, format);
  if (format['TYPE'] === 'JSON') return jsonRelation(staged, format);
  const needed = given?.length ?? table.columns.length;
  const relation = await csvRelation(staged, format, needed);
  const found = relation.positions?.length ?? 0;
  if (items === undefined && found !== needed && format['ERROR_ON_COLUMN_COUNT_MISMATCH'] !== false)
    throw new SqlError(
      '100080',
      '22000',
      `Number of columns in file (${found}) does not match that of the corresponding table (${needed})`,
    );
  return relation;
}

/** One JSON value a line. */
function jsonRelation(staged: StagedFile, format: FileFormat): Relation {
  if (format['STRIP_OUTER_ARRAY'] === true) throw notTaken('STRIP_OUTER_ARRAY');
  const options = [
    'auto_detect = false',
    'header = false',
    "delim = '\u0002'",
    "quote = ''",
    "escape = ''",
    "nullstr = ''",
    `compression = '${compressionOf(staged, format)}'`,
    'max_line_size = 33554432',
    'buffer_size = 67108864',
    "columns = {'line': 'VARCHAR'}",
  ];
  const sql = `(SELECT sf_json("line") AS "c1" FROM read_csv(${literal(staged.file)}, ${options.join(', ')}) WHERE "line" IS NOT NULL)`;
  return { sql, columns: [], name: ['staged'], positions: [{ sql: '"c1"', type: variant }] };
}
