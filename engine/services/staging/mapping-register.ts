import type { MappingPlan } from '../../model/plan.ts';
import { streamsOf } from '../../model/stream-refs.ts';
import type { Handle } from './handle.ts';
import { loadState } from './load-units.ts';
import type { StagedTable } from './staged-table.ts';
import { closeListings } from './staging-listings.ts';

export interface RegisterContext {
  readonly environment: string;
  readonly nowMs: number;
}

/** Makes the table of a mapping. When the mapping has changed, what it made before goes, and is made again of kept pages. */
export async function prepare(
  handle: Handle,
  mapping: MappingPlan,
  table: StagedTable,
  context: RegisterContext,
): Promise<void> {
  const known = await handle.first<{ hash: string; streams: string }>(
    'SELECT hash, streams FROM mappings WHERE mapping = ?',
    mapping.name,
  );
  if (known?.hash !== mapping.hash) await reset(handle, mapping, table, context);
  else if (known.streams !== streamList(mapping))
    await handle.run('UPDATE mappings SET streams = ? WHERE mapping = ?', streamList(mapping), mapping.name);
  if (mapping.deletes?.listing === undefined) await closeListings(handle, mapping.name, context.nowMs);
  await table.create(handle);
}

async function reset(
  handle: Handle,
  mapping: MappingPlan,
  table: StagedTable,
  context: RegisterContext,
): Promise<void> {
  const { name, stream, hash } = mapping;
  await table.drop(handle);
  // Its Blockers stay: each page that is mapped again says which of them still hold.
  await handle.run('DELETE FROM page_rows WHERE mapping = ?', name);
  // The clock may stand still or go back; an epoch never comes again.
  const epoch = Math.max(((await loadState(handle, name))?.epoch ?? 0) + 1, context.nowMs);
  await handle.run(
    'INSERT INTO mappings (mapping, environment, stream, streams, hash, loaded_through, epoch) VALUES (?, ?, ?, ?, ?, 0, ?) ' +
      'ON CONFLICT (mapping) DO UPDATE SET stream = excluded.stream, streams = excluded.streams, hash = excluded.hash, loaded_through = 0, epoch = excluded.epoch',
    name,
    context.environment,
    stream,
    streamList(mapping),
    hash,
    epoch,
  );
}

/** Mappings that are made of a stream, also those that the project no longer has. */
export async function madeOf(handle: Handle, stream: string): Promise<readonly string[]> {
  const rows = await handle.select<{ mapping: string }>(
    "SELECT mapping FROM mappings WHERE replace(streams, ?, '') <> streams ORDER BY mapping",
    `,${stream},`,
  );
  return rows.map(({ mapping }) => mapping);
}

/** Streams of a mapping as SQL finds one among them: each between commas. */
const streamList = (mapping: MappingPlan): string => `,${streamsOf(mapping).join()},`;

/**
 * Hashes of the mappings that have seen every page of their streams whose response is kept. One that has not (a run ended while it was
 * mapped again, or the page was fetched for another mapping) counts as not prepared, so that the next plan maps it.
 */
export async function mappedHashes(handle: Handle): Promise<ReadonlyMap<string, string>> {
  const rows = await handle.select<{ mapping: string; hash: string }>(
    'SELECT mapping, hash FROM mappings AS m WHERE NOT EXISTS (SELECT 1 FROM pages AS p ' +
      "WHERE p.environment = m.environment AND replace(m.streams, ',' || p.source || '.' || p.stream || ',', '') <> m.streams " +
      'AND length(p.body) > 0 ' +
      'AND NOT EXISTS (SELECT 1 FROM page_rows AS r WHERE r.mapping = m.mapping AND r.page = p.id)) ORDER BY mapping',
  );
  return new Map(rows.map(({ mapping, hash }) => [mapping, hash]));
}

/** An environment other than ours that has used this database. */
export async function otherEnvironment(handle: Handle, environment: string): Promise<string | undefined> {
  const found = await handle.first<{ environment: string }>(
    'SELECT environment FROM (SELECT environment FROM mappings UNION SELECT environment FROM positions ' +
      'UNION SELECT environment FROM memory) AS used WHERE environment <> ? LIMIT 1',
    environment,
  );
  return found?.environment;
}
