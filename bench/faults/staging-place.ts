import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

type Row = Readonly<Record<string, unknown>>;

/** Where the staging database of a trial is, and how to look into it from outside. */
export interface StagingPlace {
  readonly dialect: 'sqlite' | 'postgres';
  /** The value of `staging:` in `etl.yml`, for the project in this folder. */
  declare(folder: string): string;
  /** Makes the database of a project, with the state of another one's; their folders `.etl` are copied already. */
  make(folder: string, like?: string): Promise<void>;
  /** What the command finds in its environment. */
  env(folder: string): Readonly<Record<string, string>>;
  /** The rows of each query, all of one state. Nothing is recovered or changed by looking. */
  read(folder: string, queries: readonly string[]): Promise<readonly (readonly Row[])[]>;
  remove(folder: string): Promise<void>;
}

const sqliteFile = (folder: string): string => join(folder, '.etl/staging/staging.sqlite');

/** A file in the project's folder. */
export const sqlitePlace: StagingPlace = {
  dialect: 'sqlite',
  declare: () => '{dialect: sqlite, storage: .etl/staging/staging.sqlite}',
  make: async () => {},
  env: () => ({}),
  async read(folder, queries) {
    if (!existsSync(sqliteFile(folder))) return queries.map(() => []);
    // Whoever opens a file recovers it: a copy is opened, so that it is the engine that finds what a kill has left.
    const scratch = mkdtempSync(join(tmpdir(), 'sluice-look-'));
    for (const suffix of ['', '-wal'])
      if (existsSync(sqliteFile(folder) + suffix))
        cpSync(sqliteFile(folder) + suffix, join(scratch, `copy${suffix}`));
    const database = new DatabaseSync(join(scratch, 'copy'));
    try {
      return queries.map((query) => (hasTables(database) ? (database.prepare(query).all() as Row[]) : []));
    } finally {
      database.close();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
  remove: async () => {},
};

const hasTables = (database: InstanceType<typeof DatabaseSync>): boolean =>
  database.prepare("SELECT name FROM sqlite_master WHERE name = 'pages'").all().length > 0;
