import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Access, type Grants } from './access.ts';
import type { Users } from './accounts.ts';
import { encoded } from './cast.ts';
import { Catalog } from './catalog.ts';
import { Database, type Row, rowsOf } from './database.ts';
import { type Fault, Faults } from './faults.ts';
import { type Listening, listen } from './http.ts';
import { TableLocks } from './locks.ts';
import { Routes } from './routes.ts';
import { type Logged, Runner } from './runner.ts';
import { id } from './scope.ts';
import { Sessions } from './sessions.ts';
import { StageFiles } from './stage-files.ts';
import { type Upload, type UploadMode, Uploads } from './uploads.ts';
import type { World } from './world.ts';

export interface StandInOptions {
  readonly port?: number;
  /** A DuckDB file that outlives the stand-in; in memory without it. */
  readonly file?: string;
  /** The folder of the stages' files; a temporary one without it. */
  readonly stages?: string;
  readonly users?: Users;
  readonly grants?: Grants;
  readonly databases?: readonly string[];
  readonly warehouses?: readonly string[];
  /** Schemas that are there from the start, as `DATABASE.SCHEMA`, and belong to nobody's role. */
  readonly schemas?: readonly string[];
  readonly uploads?: UploadMode;
}

/** Who and what is there without being asked for. */
export const preset = {
  account: 'local',
  username: 'SLUICE',
  password: 'open sesame',
  role: 'LOADER',
  warehouse: 'LOAD_WH',
  database: 'ANALYTICS',
  schema: 'PUBLIC',
} as const;

/**
 * Plays Snowflake for the real client, on loopback: the wire, a closed grammar, and what Snowflake means where DuckDB behind
 * it means something else. What it does not know it refuses; it never passes a text on.
 */
export class SnowflakeStandIn {
  readonly #listening: Listening;
  readonly #world: World;
  readonly #runner: Runner;
  readonly #sessions: Sessions;
  readonly #faults: Faults;
  readonly #uploads: Uploads;
  readonly #temporary: string | undefined;

  private constructor(parts: Parts, listening: Listening, temporary: string | undefined) {
    this.#world = parts.world;
    this.#runner = parts.runner;
    this.#sessions = parts.sessions;
    this.#faults = parts.faults;
    this.#uploads = parts.uploads;
    this.#listening = listening;
    this.#temporary = temporary;
  }

  static async start(options: StandInOptions = {}): Promise<SnowflakeStandIn> {
    const temporary =
      options.stages === undefined ? await mkdtemp(join(tmpdir(), 'sluice-stages-')) : undefined;
    const parts = await partsOf(options, options.stages ?? temporary ?? '');
    const routes = new Routes(parts);
    const isCut = (request: IncomingMessage): boolean =>
      (request.url ?? '').startsWith('/bucket/') && parts.faults.cutsUpload();
    const listening = await listen(options.port ?? 0, (request) => routes.answer(request), isCut);
    parts.uploads.url = listening.url;
    return new SnowflakeStandIn(parts, listening, temporary);
  }

  get url(): string {
    return this.#listening.url;
  }

  /** Every statement that was sent, oldest first. */
  get statements(): readonly Logged[] {
    return this.#runner.log;
  }

  /** Those whose text fits. */
  sent(pattern: RegExp): readonly Logged[] {
    return this.statements.filter(({ sql }) => pattern.test(sql));
  }

  forgetStatements(): void {
    this.#runner.log.length = 0;
  }

  get sessions(): { readonly open: number; readonly opened: number; readonly refused: number } {
    const { open, opened, refused } = this.#sessions;
    return { open, opened, refused };
  }

  /** Files that were sent to the bucket and decrypted. */
  get uploads(): readonly Upload[] {
    return this.#uploads.taken;
  }

  /** Files of a stage, by `DATABASE.SCHEMA.STAGE`; of a temporary one those of all sessions. */
  async staged(stage: string): Promise<readonly { readonly path: string; readonly size: number }[]> {
    const stages = this.#world.catalog.stages
      .all()
      .filter(({ name }) => name.slice(0, 3).join('.') === stage);
    const found = await Promise.all(stages.map(({ name }) => this.#world.files.under(name, '')));
    return found.flat().map(({ path, size }) => ({ path, size }));
  }

  fault(fault: Fault): void {
    this.#faults.add(fault);
  }

  uploadFault(kind: '503' | 'cut', times = 1): void {
    this.#faults.addUpload(kind, times);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  grant(role: string, privilege: string): void {
    this.#world.access.grant(role, privilege);
  }

  revoke(role: string, privilege: string): void {
    this.#world.access.revoke(role, privilege);
  }

  /** What is committed in a table, by `DATABASE.SCHEMA.TABLE`: values as the wire has them, in the order of these texts. */
  async export(
    name: string,
  ): Promise<{ readonly columns: readonly string[]; readonly rows: readonly Row[] }> {
    const table = this.#world.catalog.tables.get(name.split('.'));
    if (table === undefined) throw new Error(`there is no table ${name}`);
    const values = table.columns.map(({ name: column, type }) => encoded({ sql: id(column), type }));
    const order = table.columns.map((_, at) => at + 1).join(', ');
    const sql = `SELECT ${values.join(', ')} FROM ${table.physical} ORDER BY ${order}`;
    return {
      columns: table.columns.map(({ name: column }) => column),
      rows: await rowsOf(this.#world.database.main, sql),
    };
  }

  get tables(): readonly string[] {
    return this.#world.catalog.tables.all().map(({ name }) => name.join('.'));
  }

  async close(): Promise<void> {
    this.#listening.server.closeAllConnections();
    await new Promise((resolve) => this.#listening.server.close(resolve));
    await this.#sessions.closeAll();
    this.#world.database.close();
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
  }
}

interface Parts {
  readonly world: World;
  readonly runner: Runner;
  readonly sessions: Sessions;
  readonly faults: Faults;
  readonly uploads: Uploads;
}

async function partsOf(options: StandInOptions, stages: string): Promise<Parts> {
  const { role, username, password, warehouse, database: home, schema } = preset;
  const database = await Database.open(options.file ?? ':memory:');
  const catalog = new Catalog();
  const saved = await database.saved();
  if (saved !== undefined) catalog.restore(saved);
  for (const name of options.schemas ?? [`${home}.${schema}`])
    await withSchema(database, catalog, name.split('.'));
  const access = new Access(
    catalog,
    options.grants ?? { [role]: 'all' },
    options.databases ?? [home],
    options.warehouses ?? [warehouse],
  );
  const files = new StageFiles(stages);
  const locks = new TableLocks();
  const uploads = new Uploads(files);
  uploads.mode = options.uploads ?? 'LOCAL_FS';
  const world: World = { database, catalog, access, files, locks };
  const users = options.users ?? { [username]: { password, role, warehouse } };
  const sessions = new Sessions(users, database, access, locks);
  return { world, runner: new Runner(world, uploads), sessions, faults: new Faults(), uploads };
}

async function withSchema(database: Database, catalog: Catalog, name: readonly string[]): Promise<void> {
  await database.main.run(`CREATE SCHEMA IF NOT EXISTS ${id(name.join('.'))}`);
  if (catalog.schemas.get(name) === undefined) catalog.schemas.set({ name, owner: '' });
}
