import { type Answer, done } from './answer.ts';
import type { Alteration, ColumnDefinition, CreateTable, Name, Statement } from './ast.ts';
import { assigned } from './cast.ts';
import type { Table, TableColumn } from './catalog.ts';
import { id, Scope } from './scope.ts';
import { denied, invalid, missing, notTaken, SqlError } from './sql-error.ts';
import { nothing, type SqlType, storedAs, varchar, written } from './sql-types.ts';
import type { Job } from './world.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

const exists = (name: Name): SqlError =>
  new SqlError('002002', '42710', `SQL compilation error:\nObject '${name.join('.')}' already exists.`);

const schemaSql = (name: Name): string => id(name.slice(0, 2).join('.'));

export async function createSchema(job: Job, { name, ifNotExists }: Of<'create schema'>): Promise<Answer> {
  const { world, session } = job;
  const full = session.qualifiedSchema(name, 'CREATE SCHEMA');
  world.access.database(session, full[0] ?? '');
  return job.definition(async () => {
    if (world.catalog.schemas.get(full) !== undefined) {
      if (ifNotExists) return done(`${full[1]} already exists, statement succeeded.`);
      throw exists(full);
    }
    if (!world.access.may(session.role, 'CREATE SCHEMA', 'DATABASE', full.slice(0, 1)))
      throw denied('database', full[0] ?? '');
    await job.run(`CREATE SCHEMA IF NOT EXISTS ${schemaSql(full)}`);
    world.catalog.schemas.set({ name: full, owner: session.role });
    return done(`Schema ${full[1]} successfully created.`);
  });
}

export async function createTable(job: Job, statement: CreateTable): Promise<Answer> {
  const { world, session } = job;
  const name = session.qualified(statement.name, 'CREATE TABLE');
  const isTemporary = statement.how === 'TEMPORARY';
  if (isTemporary) world.access.schema(session, name.slice(0, 2));
  else world.access.create(session, 'TABLE', name);
  return job.definition(async () => {
    const tables = job.tablesOf(statement.how);
    const before = tables.get(name);
    if (before && statement.ifNotExists) return done(`${name[2]} already exists, statement succeeded.`);
    if (before && !statement.orReplace) throw exists(name);
    const physical = physicalName(job, name, isTemporary);
    const columns = await made(job, statement, physical);
    if (before) await job.run(`DROP TABLE ${before.physical}`);
    tables.set({ name, how: statement.how, owner: session.role, columns, physical, loaded: new Map() });
    return done(`Table ${name[2]} successfully created.`);
  });
}

const physicalName = ({ world: { catalog } }: Job, name: Name, isTemporary: boolean): string =>
  isTemporary
    ? `temp.main.${id(catalog.physicalName([name.join('.')]))}`
    : `${schemaSql(name)}.${id(catalog.physicalName(name))}`;

/** Makes the table inside DuckDB, and says what its columns are. */
async function made(
  job: Job,
  { columns, query, like, how }: CreateTable,
  physical: string,
): Promise<readonly TableColumn[]> {
  const kept = how === 'TEMPORARY' ? 'TEMPORARY ' : '';
  if (query !== undefined) {
    const { sql, columns: found } = job.translator.query(query);
    checkNames(found.map(({ name }) => name));
    const names = found.map(({ name, type }) => `CAST(${id(name)} AS ${storedAs(type)}) AS ${id(name)}`);
    await job.run(`CREATE ${kept}TABLE ${physical} AS SELECT ${names.join(', ')} FROM (${sql})`);
    return found.map(({ name, type }) => ({
      name,
      type: type.kind === nothing.kind ? varchar : type,
      required: false,
    }));
  }
  const defined = columns ?? columnsOf(job, like ?? []);
  checkNames(defined.map(({ name }) => name));
  await job.run(`CREATE ${kept}TABLE ${physical} (${defined.map((one) => definition(job, one)).join(', ')})`);
  return defined.map(({ name, type, required }) => ({ name, type, required }));
}

const columnsOf = (job: Job, like: Name): readonly ColumnDefinition[] =>
  job.world.access.table(job.session, like, 'SELECT').columns;

function checkNames(names: readonly string[]): void {
  const twin = names.find((name, at) => names.indexOf(name) !== at);
  if (twin !== undefined)
    throw new SqlError('002025', '42S21', `SQL compilation error:\nduplicate column name '${twin}'`);
}

function definition(job: Job, column: ColumnDefinition): string {
  const preset = column.default === undefined ? '' : ` DEFAULT ${presetOf(job, column)}`;
  return `${id(column.name)} ${storedAs(column.type)}${column.required ? ' NOT NULL' : ''}${preset}`;
}

function presetOf(job: Job, { name, type, default: preset }: ColumnDefinition): string {
  if (preset?.kind !== 'literal' && preset?.kind !== 'minus') throw notTaken('a DEFAULT that is no literal');
  const value = job.translator.translator(new Scope()).expression(preset);
  return assigned(value, { name, type }, job.session.timezone);
}

export async function drop(job: Job, { what, name, ifExists }: Of<'drop'>): Promise<Answer> {
  if (what === 'SCHEMA') throw notTaken('DROP SCHEMA');
  const full = job.session.qualified(name, `DROP ${what}`);
  return job.definition(() => (what === 'STAGE' ? dropStage : dropTable)(job, full, ifExists));
}

async function dropTable(job: Job, name: Name, ifExists: boolean): Promise<Answer> {
  const { world, session } = job;
  const table = world.access.find(session, name);
  if (table === undefined && ifExists)
    return done('Drop statement executed successfully (object already dropped).');
  if (table === undefined) throw missing('Table', name.join('.'));
  if (table.how !== 'TEMPORARY') owned(job, table);
  await job.run(`DROP TABLE ${table.physical}`);
  job.tablesOf(table.how).delete(name);
  return done(`${name[2]} successfully dropped.`);
}

async function dropStage({ world, session }: Job, name: Name, ifExists: boolean): Promise<Answer> {
  if (world.catalog.stage(session.id, name) === undefined && ifExists)
    return done('Drop statement executed successfully (object already dropped).');
  const stage = world.access.stage(session, name);
  await world.files.remove(stage.name, '');
  world.catalog.stages.delete(stage.name);
  return done(`${name[2]} successfully dropped.`);
}

/** Only the owner may alter, drop or swap a table. */
function owned({ world, session }: Job, table: Table): void {
  world.access.schema(session, table.name.slice(0, 2));
  if (table.owner !== session.role && !world.access.may(session.role, 'OWNERSHIP', 'TABLE', table.name))
    throw denied('table', table.name[2] ?? '');
}

export async function alterTable(job: Job, { name, ifExists, change }: Of<'alter table'>): Promise<Answer> {
  const { world, session } = job;
  const full = session.qualified(name, 'ALTER TABLE');
  const table = world.access.find(session, full);
  if (table === undefined && ifExists)
    return job.definition(async () => done('Statement executed successfully.'));
  if (table === undefined) throw missing('Table', full.join('.'));
  if (table.how !== 'TEMPORARY') owned(job, table);
  return job.definition(async () => {
    const changed = await altered(job, table, change);
    const tables = job.tablesOf(table.how);
    if (changed.name !== table.name) tables.delete(table.name);
    tables.set(changed);
    return done('Statement executed successfully.');
  });
}

async function altered(job: Job, table: Table, change: Alteration): Promise<Table> {
  switch (change.do) {
    case 'add':
      return added(job, table, change.columns, change.ifNotExists);
    case 'drop':
      return dropped(job, table, change.columns, change.ifExists);
    case 'rename column':
      return renamed(job, table, change.from, change.to);
    case 'rename':
      return movedTo(job, table, change.to);
    case 'swap':
      return swapped(job, table, change.with);
    case 'type':
      return widened(job, table, change.column, change.type);
    case 'drop not null':
      await job.run(
        `ALTER TABLE ${table.physical} ALTER COLUMN ${id(columnOf(table, change.column).name)} DROP NOT NULL`,
      );
      return withColumn(table, change.column, { required: false });
  }
}

async function added(
  job: Job,
  table: Table,
  columns: readonly ColumnDefinition[],
  ifNotExists: boolean,
): Promise<Table> {
  const isThere = (name: string): boolean => table.columns.some((one) => one.name === name);
  const fresh = columns.filter(({ name }) => !(ifNotExists && isThere(name)));
  checkNames([...table.columns, ...fresh].map(({ name }) => name));
  for (const column of fresh) {
    if (column.required) throw notTaken('ADD COLUMN … NOT NULL, which an existing row cannot meet');
    await job.run(`ALTER TABLE ${table.physical} ADD COLUMN ${definition(job, column)}`);
  }
  return {
    ...table,
    columns: [...table.columns, ...fresh.map(({ name, type }) => ({ name, type, required: false }))],
  };
}

async function dropped(
  job: Job,
  table: Table,
  columns: readonly string[],
  ifExists: boolean,
): Promise<Table> {
  const gone = columns.filter((name) => !ifExists || table.columns.some((one) => one.name === name));
  for (const name of gone)
    await job.run(`ALTER TABLE ${table.physical} DROP COLUMN ${id(columnOf(table, name).name)}`);
  return { ...table, columns: table.columns.filter(({ name }) => !gone.includes(name)) };
}

async function renamed(job: Job, table: Table, from: string, to: string): Promise<Table> {
  columnOf(table, from);
  checkNames([...table.columns.map(({ name }) => name), to]);
  await job.run(`ALTER TABLE ${table.physical} RENAME COLUMN ${id(from)} TO ${id(to)}`);
  return withColumn(table, from, { name: to });
}

function movedTo({ session, world }: Job, table: Table, to: Name): Table {
  const name = session.qualified(to, 'ALTER TABLE');
  if (world.access.find(session, name) !== undefined) throw exists(name);
  return { ...table, name };
}

/** Both keep what is inside them, and change their names. */
function swapped(job: Job, table: Table, other: Name): Table {
  const { world, session } = job;
  const name = session.qualified(other, 'ALTER TABLE');
  const second = world.access.find(session, name);
  if (second === undefined) throw missing('Table', name.join('.'));
  if (second.how === 'TEMPORARY' || table.how === 'TEMPORARY')
    throw notTaken('SWAP WITH of temporary tables');
  owned(job, second);
  world.catalog.tables.set({ ...table, name: second.name });
  return { ...second, name: table.name };
}

/** Only what loses nothing: longer texts, more digits before the point. */
async function widened(job: Job, table: Table, name: string, to: SqlType): Promise<Table> {
  const { type: from } = columnOf(table, name);
  const isWider = from.kind === to.kind && from.scale === to.scale && to.size >= from.size;
  if (!isWider || !['VARCHAR', 'NUMBER'].includes(to.kind))
    throw new SqlError(
      '002108',
      '22000',
      `SQL compilation error: cannot change column ${name} from type ${written(from)} to ${written(to)}`,
    );
  if (to.kind === 'NUMBER')
    await job.run(`ALTER TABLE ${table.physical} ALTER COLUMN ${id(name)} TYPE ${storedAs(to)}`);
  return withColumn(table, name, { type: to });
}

function columnOf(table: Table, name: string): TableColumn {
  const found = table.columns.find((one) => one.name === name);
  if (found === undefined) throw invalid(`invalid identifier '${name}'`);
  return found;
}

const withColumn = (table: Table, name: string, change: Partial<TableColumn>): Table => ({
  ...table,
  columns: table.columns.map((one) => (one.name === name ? { ...one, ...change } : one)),
});
