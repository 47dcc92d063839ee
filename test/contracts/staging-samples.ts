import type { BlockedRow, StagedValue } from '../../engine/model/batch.ts';
import { loadLine } from '../../engine/model/load-file.ts';
import type { CheckPlan, LogicalType, MappingPlan, StreamPlan } from '../../engine/model/plan.ts';
import type { Clock, LoadUnit, Position, StagedPage, Staging } from '../../engine/model/ports.ts';

/** A clock that stands still. */
export const stillClock: Clock = {
  now: () => Date.parse('2026-01-31T12:00:00Z'),
  monotonicUs: () => 0,
  sleep: async () => {},
};

export const streamPlan = (over: Partial<StreamPlan> = {}): StreamPlan => ({
  source: 'shop',
  account: 'default',
  name: 'orders',
  request: { method: 'GET', path: '/orders.json', query: {}, headers: {} },
  partitions: [{}],
  records: { root: 'record', segments: [] },
  primaryKey: [],
  paginate: { type: 'none' },
  shape: { asked: 'a', paging: 'p' },
  pagesMax: 1000,
  weight: 1,
  priority: 'normal',
  lookups: [],
  privacy: [],
  ...over,
});

export type Columns = { readonly [name: string]: LogicalType['name'] };

const logical = (name: LogicalType['name']): LogicalType =>
  name === 'decimal' ? { name, precision: 38, scale: 9 } : { name };

export const mappingPlan = (columns: Columns, over: Partial<MappingPlan> = {}): MappingPlan => ({
  name: 'orders',
  stream: 'shop.orders',
  where: [],
  schema: 'sales',
  table: 'orders',
  key: ['_account'],
  properties: Object.entries(columns).map(([name, type]) => ({
    name,
    type: logical(type),
    origin: { kind: 'path', path: { root: 'record', segments: [] }, text: name },
    required: false,
    onInvalid: 'block',
    transforms: [],
    format: 'iso',
  })),
  hash: 'hash-1',
  ...over,
});

/** One row of a page; its record's key and cursor default to the first value and to nothing. */
export interface SampleRow {
  readonly values: readonly StagedValue[];
  readonly account?: string;
  readonly record?: string;
  readonly index?: number;
  readonly cursor?: string;
}

export interface SamplePage {
  readonly id: number;
  readonly rows?: readonly SampleRow[];
  readonly mapping?: string;
  readonly blocked?: readonly BlockedRow[];
  readonly position?: Position;
}

/** The staged rows of a page. A row with an index belongs to the record before it, unless its index is 0. */
function rowsOf(page: number, rows: readonly SampleRow[]): StagedValue[][] {
  let ordinal = -1;
  return rows.map(({ values, account = 'default', record = String(values[0]), index, cursor }) => {
    if (!index) ordinal += 1;
    return [
      account,
      ...values,
      page,
      ordinal,
      index ?? null,
      record,
      cursor ?? null,
      `hash of ${values.join()}`,
      null,
    ];
  });
}

/** The same rows as a piece of a load file. */
const linesOf = (page: number, rows: readonly SampleRow[]): string =>
  rowsOf(page, rows).map(loadLine).join('');

export const mappedRows = ({ id, rows = [], mapping = 'orders', blocked = [] }: SamplePage) => ({
  mapping,
  values: rowsOf(id, rows).flat(),
  units: rows.length + blocked.length,
  count: rows.length,
  marks: 0,
  tombstones: 0,
  deduplicated: 0,
  filtered: 0,
  nulled: 0,
  lines: Buffer.from(rows.length === 0 ? '' : linesOf(id, rows)),
  blocked,
});

export const stagedPage = (page: SamplePage): StagedPage => ({
  id: page.id,
  run: 'run-1',
  request: { method: 'GET', url: `https://shop.example/orders.json?page=${page.id}`, headers: {} },
  status: 200,
  records: page.rows?.length ?? 0,
  bodyHash: `body ${page.id}`,
  body: new Uint8Array([31, 139, 0, 255, page.id % 256]),
  rows: [mappedRows(page)],
  position: page.position ?? { cursor: `cursor of ${page.id}` },
});

export const blockedRow = (over: Partial<BlockedRow> = {}): BlockedRow => ({
  mapping: 'orders',
  ordinal: 3,
  index: null,
  record: '1003',
  property: 'price',
  code: 'ETL0401',
  reason: 'not a decimal number',
  value: 'twelve',
  ...over,
});

/** Commits pages with these ids, one transaction each. */
export async function commitAll(
  staging: Staging,
  pages: readonly SamplePage[],
  stream = streamPlan(),
): Promise<void> {
  for (const page of pages) await staging.commit(stream, [stagedPage(page)]);
}

const unitCounts = (unit: LoadUnit) => ({
  staged: unit.rows,
  inserted: unit.rows,
  updated: 0,
  unchanged: 0,
  superseded: 0,
  deleted: 0,
  held: 0,
});

/** Marks units as loaded, as a run does once the warehouse has them. */
export async function loadAll(staging: Staging, units: readonly LoadUnit[]): Promise<void> {
  for (const unit of units)
    await staging.markLoaded(unit, 'run-1', unitCounts(unit), {
      at: '2026-01-31T12:00:00.000Z',
      elapsedMs: 250,
    });
}

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

/** A check without what tells it from others of its mapping. */
type Bare<C> = C extends CheckPlan ? Omit<C, 'id' | 'severity'> : never;

export const checkPlan = (check: Bare<CheckPlan>): CheckPlan =>
  ({ ...check, id: check.kind, severity: 'error' }) as CheckPlan;

/** Rows that do not fit, as their open Blockers say, newest first. */
export async function openRows(
  staging: Staging,
  mapping: string,
  limit = 100,
): Promise<readonly BlockedRow[]> {
  const found = await staging.blockers.find({ mapping, kind: 'record', status: 'open' }, limit);
  return found.map(({ ordinal, index, record, property, code, reason, value }) => ({
    ...{ mapping, index, record, property, code, reason, value },
    ordinal: ordinal ?? -1,
  }));
}
