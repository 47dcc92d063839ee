import type { StagedValue } from '../../model/batch.ts';
import type { RecordPlaces, SubjectRows } from '../../model/forget.ts';
import type { MappingPlan } from '../../model/plan.ts';
import { keepsVersions } from '../../model/strategy.ts';
import type { Dialect } from './dialect.ts';
import type { Bound, Handle } from './handle.ts';

/** Records that one query asks for. */
const recordsPerQuery = 200;

type Place = readonly [page: number, ordinal: number];

/** Where a row comes from, and which version it is: later ones are greater. */
interface Version {
  readonly place: Place;
  readonly record: string;
  readonly order: readonly [cursor: string, page: number, ordinal: number];
}

/**
 * The keys that the rows of one person have, as far as the person's version is the newest that is staged: the warehouse
 * has that one, unless it keeps all of them. A row that another record has made before comes back by loading it again.
 */
export async function subjectRows(
  handle: Handle,
  dialect: Dialect,
  mapping: MappingPlan,
  places: readonly RecordPlaces[],
): Promise<SubjectRows> {
  const all = places.flatMap(({ page, ordinals }) => ordinals.map((ordinal): Place => [page, ordinal]));
  const theirs = new Set(all.map((place) => place.join(' ')));
  const isTheirs = ({ place }: Version): boolean => theirs.has(place.join(' '));
  const gone = new Map<string, readonly StagedValue[]>();
  const reloads: number[] = [];
  for (let at = 0; at < all.length; at += recordsPerQuery) {
    const some = all.slice(at, at + recordsPerQuery);
    for (const [text, { key, versions }] of await versionsOf(handle, dialect, mapping, some)) {
      if (!isTheirs(newestOf(versions)) && !(keepsVersions(mapping) && versions.some(isTheirs))) continue;
      gone.set(text, key);
      reloads.push(...pagesOfOthers(versions, isTheirs));
    }
  }
  return { keys: [...gone.values()], ...(reloads.length > 0 && { reloadFrom: least(reloads) }) };
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
  value instanceof Uint8Array
    ? Buffer.from(value).toString()
    : typeof value === 'bigint'
      ? String(value)
      : value;

interface Versions {
  readonly key: readonly StagedValue[];
  readonly versions: Version[];
}

/** All staged versions of the rows that some records have made, by their keys. */
async function versionsOf(
  handle: Handle,
  dialect: Dialect,
  mapping: MappingPlan,
  places: readonly Place[],
): Promise<ReadonlyMap<string, Versions>> {
  const table = dialect.table(mapping);
  const columns = mapping.key.map((name) => table.column(name));
  const aliased = columns.map((column, at) => `${column} AS k${at}`).join(', ');
  const records = places.map(() => '(_page = ? AND _ordinal = ?)').join(' OR ');
  const values = mapping.key.map((name) => table.value(name)).join(', ');
  const same = columns.map((column, at) => `${column} = k${at}`).join(' AND ');
  const rows = await handle.arrays(
    `SELECT ${values}, _record, _cursor, _page, _ordinal FROM ${table.name} ` +
      `JOIN (SELECT DISTINCT ${aliased} FROM ${table.name} WHERE ${records}) AS wanted ON ${same}`,
    ...places.flat(),
  );
  const found = new Map<string, Versions>();
  for (const row of rows.map((values) => values.map(plain))) {
    const key = row.slice(0, columns.length);
    const [record, cursor, page, ordinal] = row.slice(columns.length);
    const place: Place = [Number(page), Number(ordinal)];
    const version = { place, record: String(record), order: [String(cursor ?? ''), ...place] } as const;
    const known = found.get(JSON.stringify(key)) ?? { key, versions: [] };
    known.versions.push(version);
    found.set(JSON.stringify(key), known);
  }
  return found;
}

function isLater(one: Version, other: Version): boolean {
  for (const [at, value] of one.order.entries()) {
    const before = other.order[at];
    if (before !== undefined && value !== before) return value > before;
  }
  return false;
}
