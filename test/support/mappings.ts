import { gunzipSync } from 'node:zlib';
import { compileStream } from '../../engine/execute/map/map.ts';
import type { MappedPage, MappedRows, PageFailure, StagedValue } from '../../engine/model/batch.ts';
import { stagedMeta } from '../../engine/model/batch.ts';
import { knownPath } from '../../engine/model/path.ts';
import type {
  LogicalType,
  MappingPlan,
  PrivacyPlan,
  PropertyPlan,
  StreamPlan,
} from '../../engine/model/plan.ts';

/** `decimal(18,2)` and the others, as a plan has them. */
export function logicalType(text: string): LogicalType {
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(text);
  if (decimal !== null) return { name: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  return { name: text as Exclude<LogicalType['name'], 'decimal'> };
}

/** A property that reads the path of its name, as text, unless told otherwise. */
export const property = (name: string, type = 'string', more: Partial<PropertyPlan> = {}): PropertyPlan => ({
  name,
  type: logicalType(type),
  origin: { kind: 'path', path: knownPath(name), text: name },
  required: false,
  onInvalid: 'block',
  transforms: [],
  format: 'iso',
  ...more,
});

/** A property from a path of an element, or of its record behind `$parent`. */
export const within = (
  name: string,
  path: string,
  type = 'string',
  more: Partial<PropertyPlan> = {},
): PropertyPlan =>
  property(name, type, { origin: { kind: 'path', path: knownPath(path, true), text: path }, ...more });

export const mapping = (
  properties: readonly PropertyPlan[],
  more: Partial<MappingPlan> = {},
): MappingPlan => ({
  name: 'orders',
  stream: 'shop.orders',
  where: [],
  schema: 'main',
  table: 'orders',
  key: ['_account'],
  properties,
  hash: 'h',
  ...more,
});

export const stream = (more: Partial<StreamPlan> = {}): StreamPlan => ({
  source: 'shop',
  account: 'default',
  name: 'orders',
  request: { method: 'GET', path: '/orders', query: {}, headers: {} },
  partitions: [{}],
  records: knownPath('orders'),
  primaryKey: [knownPath('id')],
  paginate: { type: 'none' },
  shape: { asked: 'a', paging: 'p' },
  pagesMax: 100,
  weight: 1,
  priority: 'normal',
  lookups: [],
  privacy: [],
  ...more,
});

export const privacy = (
  path: string,
  action: Exclude<PrivacyPlan['action'], 'truncate'>,
  ...transforms: PrivacyPlan['transforms']
): PrivacyPlan => ({ path: knownPath(path), action, transforms });

export const piiKey = 'a key for tests';

export const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** Reads and maps one response; `page` is 7. */
export async function mapBody(
  body: unknown,
  plan: MappingPlan,
  streamPlan: StreamPlan = stream(),
): Promise<MappedPage | PageFailure> {
  const mapper = compileStream(streamPlan, [plan], piiKey);
  const parsed = mapper.read(bytes(body), {});
  return 'transient' in parsed ? parsed : mapper.map(parsed, { page: 7 });
}

/** The rows that one mapping makes of records; a page that fails is an error. */
export async function mapRecords(
  records: readonly unknown[],
  plan: MappingPlan,
  streamPlan: StreamPlan = stream(),
): Promise<MappedRows> {
  const mapped = await mapBody({ orders: records }, plan, streamPlan);
  if ('transient' in mapped) throw new Error(`${mapped.code}: ${mapped.summary}`);
  return mapped.rows[0] as MappedRows;
}

/** Rows as lists of values, the account first and the metadata last. */
export function rowsOf(rows: MappedRows, plan: MappingPlan): StagedValue[][] {
  const width = 1 + plan.properties.length + stagedMeta.length;
  return Array.from({ length: rows.values.length / width }, (_, row) =>
    rows.values.slice(row * width, (row + 1) * width),
  );
}

/** The values of the mapping's own columns, row by row. */
export const ownValues = (rows: MappedRows, plan: MappingPlan): StagedValue[][] =>
  rowsOf(rows, plan).map((row) => row.slice(1, 1 + plan.properties.length));

/** The kept body of a page, as text. */
export const keptBody = (page: MappedPage | PageFailure): string =>
  'body' in page ? gunzipSync(page.body).toString('utf8') : '';
