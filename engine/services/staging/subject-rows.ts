import type { StagedValue } from '../../model/batch.ts';
import type { RecordPlaces, SubjectRows } from '../../model/forget.ts';
import type { MappingPlan } from '../../model/plan.ts';
import { type Bound, type Handle, quote } from './handle.ts';
import { decodeText, StagedTable } from './staged-table.ts';

/** Keys that one query looks for. */
const keysPerQuery = 100;

type Place = readonly [page: number, ordinal: number];

/** Where a row comes from, and which version it is: later ones are greater. */
interface Version {
  readonly place: Place;
  readonly record: string;
  readonly order: readonly [cursor: string, page: number, ordinal: number];
}

/**
 * The keys that the rows of one person have, as far as the person's version is the newest that is staged: the warehouse
 * has that one. A row that another record has made before comes back by loading it again.
 */
export async function subjectRows(
  handle: Handle,
  mapping: MappingPlan,
  places: readonly RecordPlaces[],
): Promise<SubjectRows> {
  const columns = mapping.key.map(quote);
  const table = new StagedTable(mapping).name;
  const theirs = new Set(places.flatMap(({ page, ordinals }) => ordinals.map((one) => `${page} ${one}`)));
  const isTheirs = ({ place }: Version): boolean => theirs.has(place.join(' '));
  const keys = await keysOf(handle, table, columns, places);
  const gone: (readonly StagedValue[])[] = [];
  const reloads: number[] = [];
  for (let at = 0; at < keys.length; at += keysPerQuery) {
    const versions = await versionsOf(handle, table, columns, keys.slice(at, at + keysPerQuery));
    for (const { key, all } of versions) {
      if (!isTheirs(newestOf(all))) continue;
      gone.push(key.map(plain));
      reloads.push(...pagesOfOthers(all, isTheirs));
    }
  }
  return { keys: gone, ...(reloads.length > 0 && { reloadFrom: least(reloads) }) };
}

const newestOf = (all: readonly Version[]): Version =>
  all.reduce((best, one) => (isLater(one, best) ? one : best));

const least = (pages: readonly number[]): number => pages.reduce((a, b) => Math.min(a, b));

/** Pages where another record has made the same row. An older version of the same record is no row of its own. */
function pagesOfOthers(all: readonly Version[], isTheirs: (version: Version) => boolean): readonly number[] {
  const records = new Set(all.filter(isTheirs).map(({ record }) => record));
  return all.filter(({ record }) => !records.has(record)).map(({ place: [page] }) => page);
}

const plain = (value: Bound): StagedValue =>
  value instanceof Uint8Array ? decodeText(value) : typeof value === 'bigint' ? String(value) : value;

async function keysOf(
  handle: Handle,
  table: string,
  columns: readonly string[],
  places: readonly RecordPlaces[],
): Promise<readonly Bound[][]> {
  const found = new Map<string, Bound[]>();
  for (const { page, ordinals } of places) {
    for (const ordinal of ordinals) {
      const sql = `SELECT DISTINCT ${columns.join(', ')} FROM ${table} WHERE _page = ? AND _ordinal = ?`;
      for (const key of await handle.arrays(sql, page, ordinal)) found.set(keyText(key), key);
    }
  }
  return [...found.values()].filter((key) => !key.includes(null));
}

const keyText = (key: readonly Bound[]): string => JSON.stringify(key.map(plain));

interface Versions {
  readonly key: Bound[];
  readonly all: Version[];
}

async function versionsOf(
  handle: Handle,
  table: string,
  columns: readonly string[],
  keys: readonly Bound[][],
): Promise<readonly Versions[]> {
  const one = `(${columns.map((column) => `${column} = ?`).join(' AND ')})`;
  const sql =
    `SELECT ${columns.join(', ')}, _record, _cursor, _page, _ordinal FROM ${table} ` +
    `WHERE ${keys.map(() => one).join(' OR ')}`;
  const found = new Map(keys.map((key): [string, Versions] => [keyText(key), { key, all: [] }]));
  for (const row of await handle.arrays(sql, ...keys.flat())) {
    const [record, cursor, page, ordinal] = row.slice(columns.length).map(plain);
    const place: Place = [Number(page), Number(ordinal)];
    const version = { place, record: String(record), order: [String(cursor ?? ''), ...place] } as const;
    found.get(keyText(row.slice(0, columns.length)))?.all.push(version);
  }
  return [...found.values()].filter(({ all }) => all.length > 0);
}

function isLater(one: Version, other: Version): boolean {
  for (const [at, value] of one.order.entries()) {
    const before = other.order[at];
    if (before !== undefined && value !== before) return value > before;
  }
  return false;
}
