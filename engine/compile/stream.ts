import { cursorText } from '../model/batch.ts';
import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import { parseInstant } from '../model/instant.ts';
import { knownPath, pathText } from '../model/path.ts';
import type {
  CursorPlan,
  PaginatePlan,
  Path,
  PrivacyPlan,
  SizePlan,
  StreamPlan,
  StreamShape,
} from '../model/plan.ts';
import { parseDuration } from '../model/units.ts';
import { canonical, sha256 } from './canonical.ts';
import { compileCache, compileLookups } from './lookups.ts';
import { compileTransform } from './transforms.ts';

const defaultSizeParam = 'limit';

/** A stream with all that its mappings ask of it. */
export function compileStream(
  source: config.Source,
  name: string,
  stream: config.Stream,
  readers: readonly config.Mapping[],
): StreamPlan {
  const query = Object.entries(stream.request.query ?? {});
  return {
    source: source.name,
    account: 'default',
    name,
    path: stream.request.path,
    query: Object.fromEntries(query.map(([parameter, value]) => [parameter, String(value)])),
    headers: stream.request.headers ?? {},
    records: knownPath(stream.records ?? ''),
    primaryKey: stream.primaryKey.map((path) => knownPath(path)),
    ...(stream.subject !== undefined && { subject: knownPath(stream.subject) }),
    paginate: compilePaginate(stream.paginate),
    ...(stream.cursor && { cursor: compileCursor(stream.cursor) }),
    pagesMax: stream.pagesMax ?? 100_000,
    weight: stream.weight ?? 1,
    priority: stream.priority ?? 'normal',
    ...(stream.cache && { cache: compileCache(stream.cache) }),
    lookups: compileLookups(stream.lookups),
    shape: shapeOf(source, stream),
    privacy: compilePrivacy(source.redact ?? [], readers),
  };
}

/** What a position depends on. Headers and limits may change while a window is open, and `lookback` between windows. */
const shapeOf = (
  source: config.Source,
  { request, records, primaryKey, cursor, paginate, lookups }: config.Stream,
): StreamShape => {
  const { field, type, format, start, from } = cursor ?? {};
  const asked = [
    source.baseUrl,
    request.path,
    request.query,
    records,
    primaryKey,
    field,
    type,
    format,
    start,
    from,
    // Records that are kept lack what a new lookup would have brought.
    ...Object.entries(lookups ?? {}).map(([name, { path, query, take }]) => [name, path, query, take]),
  ];
  return { asked: sha256(canonical(asked)), paging: sha256(canonical(paginate ?? null)) };
};

function compilePaginate(paginate: config.Paginate | undefined): PaginatePlan {
  if (paginate === undefined) return { type: 'none' };
  const size = sizeOf(paginate);
  const sized = size && { size };
  const param = paginate.param ?? '';
  const total = paginate.total === undefined ? undefined : { total: knownPath(paginate.total) };
  switch (paginate.type) {
    case 'none':
      return { type: 'none' };
    case 'link_header':
      return { type: 'link_header', rel: paginate.rel ?? 'next', ...sized };
    case 'next_url':
      return { type: 'next_url', path: knownPath(paginate.path ?? ''), ...sized };
    case 'cursor_token':
      return { type: 'cursor_token', token: knownPath(paginate.token ?? ''), param, ...sized };
    case 'page':
      return { type: 'page', param, start: paginate.start ?? 1, ...sized, ...total };
    case 'offset':
      assert(size, 'an offset listing has a page size');
      return { type: 'offset', param, size, ...total };
  }
}

const sizeOf = (paginate: config.Paginate): SizePlan | undefined =>
  paginate.size === undefined
    ? undefined
    : { param: paginate.sizeParam ?? defaultSizeParam, value: paginate.size };

function compileCursor(cursor: config.Cursor): CursorPlan {
  const type = cursor.type ?? 'timestamp';
  return {
    field: knownPath(cursor.field),
    type,
    format: cursor.format ?? 'iso',
    ...(cursor.start !== undefined && { start: startText(type, cursor.start) }),
    lookbackMs: parseDuration(cursor.lookback ?? '0s'),
    query: cursor.from.query,
    ...(cursor.to && { queryTo: cursor.to.query }),
  };
}

function startText(type: CursorPlan['type'], start: string | number): string {
  const value = type === 'timestamp' ? parseInstant(String(start)) : String(start);
  assert(value, `cursor.start is a ${type}, got ${start}`);
  return cursorText(type, value);
}

/** What `redact` and `pii` keep from being stored, each path once. */
function compilePrivacy(
  redact: readonly string[],
  readers: readonly config.Mapping[],
): readonly PrivacyPlan[] {
  const rules = new Map<string, PrivacyPlan>();
  const add = (rule: PrivacyPlan): void => {
    rules.set(pathText(rule.path), rules.get(pathText(rule.path)) ?? rule);
  };
  for (const path of redact) add({ path: knownPath(path), action: 'drop', transforms: [] });
  for (const mapping of readers) {
    for (const property of Object.values(mapping.properties)) {
      if (property.pii === undefined || property.from === undefined) continue;
      const path = absolute(property.from, mapping.each);
      add({
        path,
        action: property.pii,
        ...(property.piiKeep !== undefined && { keep: property.piiKeep }),
        transforms: (property.transform ?? []).map(compileTransform),
      });
    }
  }
  return [...rules.values()];
}

/** The path from the record, with `[*]` for the elements of `each`. */
function absolute(from: string, each: string | undefined): Path {
  const path = knownPath(from, each !== undefined);
  if (path.root !== 'element' || each === undefined) return path;
  return { root: 'record', segments: [...knownPath(each).segments, { any: 'element' }, ...path.segments] };
}
