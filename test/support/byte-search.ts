import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DatabaseSync } from '@photostructure/sqlite';
import { pagePacker } from '../../engine/execute/map/pack.ts';
import { queryPostgres } from './postgres.ts';

/** Bytes of a place where something may be, with a name for people. */
interface Haystack {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file below a folder as it is and, where it is compressed or a database with pages, what is in it. */
function haystacks(folder: string): readonly Haystack[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => {
      const name = relative(folder, file);
      const bytes = readFileSync(file);
      return [{ name, bytes }, ...expanded(name, bytes), ...(name.endsWith('.sqlite') ? pages(file) : [])];
    });
}

function expanded(name: string, bytes: Buffer): readonly Haystack[] {
  try {
    return [{ name: `${name} (expanded)`, bytes: gunzipSync(bytes) }];
  } catch {
    return [];
  }
}

/** Of a copy: SQLite shares what it knows of a file among all connections of a process, and other processes change this one. */
function pages(file: string): readonly Haystack[] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-search-'));
  const copy = join(folder, 'staging.sqlite');
  for (const end of ['', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  const database = new DatabaseSync(copy);
  try {
    const rows = database.prepare('SELECT id, body FROM pages ORDER BY id').all() as {
      readonly id: number;
      readonly body: Uint8Array;
    }[];
    return rows.flatMap(({ id, body }) => expanded(`page ${id}`, Buffer.from(body)));
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where each of the texts is found below a folder: `place: text`. */
export function searched(folder: string, texts: readonly string[]): readonly string[] {
  return haystacks(folder).flatMap(({ name, bytes }) =>
    texts.filter((text) => bytes.includes(text)).map((text) => `${name}: ${text}`),
  );
}

/** The same in every table of a schema: `table: text`. */
export async function searchedPostgres(
  url: string,
  schema: string,
  texts: readonly string[],
  pageKey: string,
): Promise<readonly string[]> {
  const packer = pagePacker(pageKey);
  const names = await queryPostgres<{ name: string }>(
    url,
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = '${schema}'`,
  );
  const found: string[] = [];
  for (const { name } of names) {
    const rows = await queryPostgres<{ id?: number; body?: Buffer | string }>(
      url,
      `SELECT * FROM "${schema}"."${name}"`,
    );
    const said = rows.map(({ body, ...row }) => {
      // Plans have a body, too, which is a text.
      const page = body instanceof Buffer ? packer.unpack(body, Number(row.id)) : body;
      return JSON.stringify(row) + (page === undefined ? '' : Buffer.from(page).toString());
    });
    found.push(...texts.filter((text) => said.join().includes(text)).map((text) => `${name}: ${text}`));
  }
  return found;
}
