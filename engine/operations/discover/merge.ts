import type { FoundProperty, FoundStream } from '../../model/catalog.ts';
import { columnName } from '../../model/column-name.ts';
import type * as config from '../../model/config.ts';
import { changesOf, type PropertyChange } from './changes.ts';
import { commonType } from './infer.ts';

type Known = config.CatalogProperty;

export interface Merged {
  readonly stream: config.CatalogStream;
  /** What differs from the catalog before; empty where there was none of the stream. */
  readonly changes: readonly PropertyChange[];
}

/** Least change of a share, in points, that is worth a line in a pull request. */
const seenPointsMin = 10;

/**
 * A stream of a catalog with what was found now. A property keeps its column for good, one that is gone keeps its entry, and a
 * renamed one knows where it was. Pure: the same catalog and findings give the same text. `today` is a day in UTC.
 */
export function mergeStream(
  before: config.CatalogStream | undefined,
  found: FoundStream,
  today: string,
): Merged {
  const known = before?.properties ?? [];
  const pairs = found.properties
    .map((one) => ({ found: one, old: knownAs(known, one, before?.by !== found.by) }))
    // What was archived before anybody knew of it has no column.
    .filter((one) => one.old !== undefined || one.found.archived !== true);
  const kept = new Set(pairs.flatMap(({ old }) => old ?? []));
  const columns = new Set(known.map(({ column }) => column));
  const now = pairs.map(({ found: one, old }) => ({
    old,
    now: old === undefined ? fresh(one, columns) : again(old, one, found, today),
  }));
  const gone = known
    .filter((old) => !kept.has(old))
    .map((old) => ({ old, now: found.by === 'records' ? old : { ...old, removed: old.removed ?? today } }));
  const all = withoutReused([...now, ...gone].map((one) => one.now));
  const changes = [...now, ...gone].flatMap((one) => changesOf(one.old, one.now));
  return {
    stream: { by: found.by, properties: [...all].sort((a, b) => (a.column < b.column ? -1 : 1)) },
    changes: before === undefined ? [] : changes,
  };
}

/** Sampled records know no ids: their properties go by their path until the provider describes them. */
function knownAs(
  known: readonly Known[],
  { id, path }: FoundProperty,
  isOtherWay: boolean,
): Known | undefined {
  const same = known.find((one) => one.id === id);
  return same ?? (isOtherWay ? known.find((one) => one.path === path) : undefined);
}

function fresh({ seen, archived: _, ...found }: FoundProperty, columns: Set<string>): Known {
  return ordered({
    ...found,
    column: freeColumn(found, columns),
    ...(seen !== undefined && { seen: percent(seen) }),
  });
}

function again(old: Known, found: FoundProperty, { by }: FoundStream, today: string): Known {
  const { seen, archived, ...rest } = by === 'records' ? sampled(old, found) : found;
  const previously = [old.path, ...(old.previously ?? [])].filter((path) => path !== found.path);
  const share = sharePercent(old.seen, seen);
  return ordered({
    ...rest,
    column: old.column,
    ...(previously.length > 0 && { previously: [...new Set(previously)] }),
    ...(share !== undefined && { seen: share }),
    ...(archived === true && { archived: old.archived ?? today }),
  });
}

/** Records say nothing of names and labels; of those that were sampled at another time both may be right about types. */
const sampled = (
  { column: _, previously: __, removed, archived, seen: ___, ...old }: Known,
  found: FoundProperty,
): FoundProperty => ({
  ...old,
  type: commonType([old.type, found.type]),
  nullable: old.nullable === true || found.nullable === true,
  ...(found.seen !== undefined && { seen: found.seen }),
  ...((removed ?? archived) !== undefined && found.seen === 0 && { archived: true }),
});

const percent = (share: number): number =>
  share === 0 || share === 1 ? share * 100 : Math.min(99, Math.max(1, Math.round(share * 100)));

/** A share that moves a little with every sample is no news. */
function sharePercent(old: number | undefined, seen: number | undefined): number | undefined {
  if (seen === undefined) return old;
  const now = percent(seen);
  if (old === undefined) return now;
  const isEdge = [now, old].some((one) => one === 0 || one === 100);
  return isEdge || Math.abs(now - old) >= seenPointsMin ? now : old;
}

/** A column that no property of the stream has had yet. */
function freeColumn({ name, label }: FoundProperty, columns: Set<string>): string {
  const base = columnName(name) || columnName(label ?? '') || 'property';
  let column = base;
  for (let more = 2; columns.has(column); more += 1) column = `${base}_${more}`;
  columns.add(column);
  return column;
}

/** Where another property stands now, nothing is looked for that stood there before. */
function withoutReused(properties: readonly Known[]): readonly Known[] {
  const taken = new Set(properties.filter(({ removed }) => removed === undefined).map(({ path }) => path));
  return properties.map(({ previously, ...rest }) => {
    const left = previously?.filter((path) => !taken.has(path)) ?? [];
    return ordered({ ...rest, ...(left.length > 0 && { previously: left }) });
  });
}

const order = [
  'id',
  'name',
  'label',
  'column',
  'path',
  'previously',
  'type',
  'zone',
  'providerType',
  'separator',
  'custom',
  'nullable',
  'unit',
  'currency',
  'seen',
  'archived',
  'removed',
  'options',
] as const satisfies readonly (keyof Known)[];

/** The keys in the order in which they are written; a label that says no more than the name is left out. */
function ordered(property: Known): Known {
  const entries = order.flatMap((key) => {
    const value = property[key];
    const isSaid = value !== undefined && !(key === 'label' && value === property.name);
    return isSaid ? [[key, value] as const] : [];
  });
  return Object.fromEntries(entries) as unknown as Known;
}
