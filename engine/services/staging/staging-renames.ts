import { assert } from '../../model/errors.ts';
import type { MappingRename, Renamed, Renames, StagedNames, StreamRename } from '../../model/renames.ts';
import { identityOf } from './blocker-identity.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';
import type { StagedTable } from './staged-table.ts';

/** Parts of the names of streams that sweeps and backfills make of one. */
const derived = ['', '~sweep', '~gone', '~backfill'];

/** Tables that name a stream by its source and its own name. */
const byStream = ['positions', 'parent_positions', 'pages', 'blockers'];
/** Tables that name a mapping. */
const byMapping = ['page_rows', 'loads', 'blockers', 'mappings', 'open_listings'];

interface RenamesOptions {
  readonly environment: string;
}

/** Names of streams and mappings in the tables of the ledger. */
export class StagingRenames implements Renames {
  readonly #database: Database;
  readonly #options: RenamesOptions;

  constructor(database: Database, options: RenamesOptions) {
    this.#database = database;
    this.#options = options;
  }

  async names(): Promise<StagedNames> {
    const { environment } = this.#options;
    return this.#database.read(async (handle) => {
      const streams = await handle.select<{ name: string }>(
        "SELECT source || '.' || stream AS name FROM positions WHERE environment = ? UNION " +
          "SELECT DISTINCT source || '.' || stream FROM pages WHERE environment = ?",
        environment,
        environment,
      );
      const known = await handle.select<{ mapping: string }>('SELECT mapping FROM mappings');
      const mappings = new Map<string, readonly string[]>();
      for (const { mapping } of known) {
        const table = this.#database.dialect.table({ name: mapping, properties: [] });
        mappings.set(mapping, await table.present(handle));
      }
      return { streams: new Set(streams.map(({ name }) => name)), mappings };
    });
  }

  async stream({ source, from, to }: StreamRename): Promise<void> {
    await this.#database.write(async (handle) => {
      for (const part of derived) await this.#renameStream(handle, source, from + part, to + part);
      await this.#identify(handle, 'source = ? AND stream = ?', [source, to]);
    });
  }

  async mapping({ from, to, columns, hash }: MappingRename): Promise<void> {
    const [before, table] = [from, to].map((name) => this.#database.dialect.table({ name, properties: [] }));
    assert(before && table, 'each mapping has a table');
    await this.#database.write(async (handle) => {
      if (from !== to) {
        await before.rename(handle, table);
        await this.#renameMapping(handle, { from, to });
      }
      for (const column of columns) await renameColumn(handle, to, table, column);
      // What was loaded of the mapping as it was counts as loaded of the mapping as it is now.
      if (hash !== undefined)
        for (const one of ['mappings', 'loads'])
          await handle.run(
            `UPDATE ${one} SET hash = ? WHERE mapping = ? AND hash = ?`,
            ...[hash.to, to, hash.from],
          );
      await this.#identify(handle, 'mapping = ?', [to]);
    });
  }

  async #renameMapping(handle: Handle, { from, to }: Renamed): Promise<void> {
    for (const one of byMapping)
      await handle.run(`UPDATE ${one} SET mapping = ? WHERE mapping = ?`, to, from);
    const { environment } = this.#options;
    const [before, after] = [`${environment}.${from}.`, `${environment}.${to}.`];
    await handle.run(
      'UPDATE loads SET id = ? || substr(id, ?) WHERE mapping = ? AND substr(id, 1, ?) = ?',
      ...[after, before.length + 1, to, before.length, before],
    );
    await renameSteps(handle, ['remap', 'check', 'define', 'reload', 'load'], from, to);
  }

  async #renameStream(handle: Handle, source: string, from: string, to: string): Promise<void> {
    for (const table of byStream)
      await handle.run(`UPDATE ${table} SET stream = ? WHERE source = ? AND stream = ?`, to, source, from);
    await handle.run(
      'UPDATE parent_positions SET parent_stream = ? WHERE source = ? AND parent_stream = ?',
      ...[to, source, from],
    );
    const [before, after] = [`${source}.${from}`, `${source}.${to}`];
    await renameSteps(handle, ['extract', 'sweep', 'backfill'], before, after);
    await handle.run('UPDATE mappings SET stream = ? WHERE stream = ?', after, before);
    await handle.run('UPDATE mappings SET streams = replace(streams, ?, ?)', `,${before},`, `,${after},`);
    await handle.run('UPDATE forgotten SET stream = ? WHERE stream = ?', after, before);
    for (const kind of ['listing', 'sweep']) {
      const [was, now] = [`${kind} ${before} `, `${kind} ${after} `];
      await handle.run(
        'UPDATE memory SET name = ? || substr(name, ?) WHERE environment = ? AND substr(name, 1, ?) = ?',
        ...[now, was.length + 1, this.#options.environment, was.length, was],
      );
    }
  }

  /** What a Blocker is known by has names in it: the same problem must not be opened again. */
  async #identify(handle: Handle, where: string, bound: readonly string[]): Promise<void> {
    const rows = await handle.select<Parameters<typeof identityOf>[0] & { readonly id: number }>(
      `SELECT id, kind, code, source, account, stream, mapping, record, idx AS "index", property FROM blockers WHERE ${where}`,
      ...bound,
    );
    for (const { id, ...row } of rows)
      await handle.run('UPDATE blockers SET identity = ? WHERE id = ?', identityOf(row), id);
  }
}

async function renameColumn(
  handle: Handle,
  mapping: string,
  table: StagedTable,
  { from, to }: Renamed,
): Promise<void> {
  await handle.exec(`ALTER TABLE ${table.name} RENAME COLUMN ${table.column(from)} TO ${table.column(to)}`);
  await handle.run('UPDATE blockers SET property = ? WHERE mapping = ? AND property = ?', to, mapping, from);
}

/** Blockers of a step are settled by its id. */
async function renameSteps(
  handle: Handle,
  kinds: readonly string[],
  from: string,
  to: string,
): Promise<void> {
  for (const kind of kinds)
    await handle.run('UPDATE blockers SET step = ? WHERE step = ?', `${kind} ${to}`, `${kind} ${from}`);
}
