import {
  type AuditScope,
  type Deviation,
  type LedgerCounts,
  type MappingLedger,
  neverStaged,
} from '../../model/audit.ts';
import type { MappingPlan } from '../../model/plan.ts';
import { loadedLedger } from './audit-loads.ts';
import {
  type AuditedPages,
  deviation,
  examplesMax,
  type FoundMapping,
  type Scoped,
  scoped,
} from './audit-pages.ts';
import { windowLedger } from './audit-windows.ts';
import { holds, isHeld } from './held-rows.ts';

/** What the ledger says of a mapping. Nothing is changed; kept responses are not needed. */
export async function auditMapping(found: FoundMapping, scope: AuditScope): Promise<MappingLedger> {
  const { handle, mapping } = found;
  const state = await handle.first<{ hash: string; loaded: number }>(
    'SELECT hash, loaded_through AS loaded FROM mappings WHERE mapping = ?',
    mapping.name,
  );
  const audited = { ...found, loadedThrough: Number(state?.loaded ?? 0) };
  const windows = await windowLedger(audited, scope);
  if (state?.hash !== mapping.hash)
    return { ...neverStaged, status: state === undefined ? 'never' : 'changed', windows };
  const pages = scoped(scope);
  const { counts, pending, first, last } = await totals(audited, pages);
  const range = first === null || last === null ? undefined : { first: Number(first), last: Number(last) };
  return {
    status: 'staged',
    counts,
    loadedThrough: audited.loadedThrough,
    pending,
    ...(range && { pages: range }),
    unmapped: await unmapped(audited, pages),
    leftOut: await unbalanced(audited, pages, leftOut(mapping)),
    unbalanced: await unbalanced(audited, pages, `NOT ${leftOut(mapping)} AND ${offBalance(mapping)}`),
    misstaged: await misstaged(audited, pages),
    loads: await loadedLedger(audited, range),
    windows,
  };
}

const fromPageRows = 'FROM page_rows r LEFT JOIN pages p ON p.id = r.page WHERE r.mapping = ?';

interface Totals {
  readonly counts: LedgerCounts;
  readonly pending: number;
  readonly first: number | null;
  readonly last: number | null;
}

async function totals(audited: AuditedPages, pages: Scoped): Promise<Totals> {
  const { handle, mapping, loadedThrough } = audited;
  const { sql, bound } = pages;
  const columns = ['units', 'rows', 'deduplicated', 'tombstones', 'filtered', 'blocked'];
  const row = await handle.first<{ [column: string]: number | null }>(
    `SELECT count(*) AS pages, coalesce(sum(p.records), 0) AS records, min(r.page) AS first, max(r.page) AS last, ` +
      'coalesce(sum(CASE WHEN r.page > ? THEN r.rows ELSE 0 END), 0) AS pending, ' +
      `${columns.map((column) => `coalesce(sum(r.${column}), 0) AS ${column}`).join(', ')} ${fromPageRows}${sql}`,
    loadedThrough,
    mapping.name,
    ...bound,
  );
  const of = (column: string): number => Number(row?.[column] ?? 0);
  const held = await heldIn(audited, pages);
  return {
    counts: {
      pages: of('pages'),
      records: of('records'),
      units: of('units'),
      staged: of('rows') - held.rows,
      deduplicated: of('deduplicated'),
      tombstones: of('tombstones'),
      filtered: of('filtered'),
      blocked: of('blocked'),
      held: held.rows,
    },
    pending: of('pending') - held.pending,
    first: row?.['first'] ?? null,
    last: row?.['last'] ?? null,
  };
}

/** Rows that wait for a Blocker of their record, or for the end of their listing; `pending` are those behind what is loaded. */
async function heldIn(
  { handle, mapping, table, loadedThrough }: AuditedPages,
  { sql, bound }: Scoped,
): Promise<{ readonly rows: number; readonly pending: number }> {
  if (!(await holds(handle, mapping.name))) return { rows: 0, pending: 0 };
  const held = isHeld(mapping.name);
  const found = await handle.first<{ held: number; pending: number }>(
    'SELECT count(*) AS held, coalesce(sum(CASE WHEN t._page > ? THEN 1 ELSE 0 END), 0) AS pending ' +
      `FROM ${table} AS t LEFT JOIN pages p ON p.id = t._page WHERE t._op IS NULL AND ${held.sql}${sql}`,
    loadedThrough,
    ...held.bound,
    ...bound,
  );
  return { rows: Number(found?.held ?? 0), pending: Number(found?.pending ?? 0) };
}

/** Pages without an account of the mapping. */
async function unmapped(
  { handle, environment, mapping, stream }: AuditedPages,
  { sql, bound }: Scoped,
): Promise<Deviation> {
  return deviation(
    handle,
    'SELECT p.id AS page, p.records AS expected, 0 AS found FROM pages p WHERE p.environment = ? AND p.source = ? ' +
      `AND p.stream = ?${sql} AND NOT EXISTS (SELECT 1 FROM page_rows r WHERE r.mapping = ? AND r.page = p.id)`,
    [environment, stream.source, stream.name, ...bound, mapping.name],
  );
}

/** A page that had no records where the stream looks for them now was mapped to nothing. */
const leftOut = ({ each }: MappingPlan): string =>
  each === undefined ? '(r.units = 0 AND coalesce(p.records, 0) > 0)' : '(1 = 0)';

const blockers =
  '(SELECT count(*) FROM blocker_pages bp JOIN blockers b ON b.id = bp.blocker WHERE b.mapping = r.mapping AND bp.page = r.page)';

/** Blocked rows of a page that have a Blocker, whatever became of it: nobody can decide on the others. */
const blocked = `CASE WHEN r.blocked = 0 THEN 0 WHEN r.blocked > ${blockers} THEN ${blockers} ELSE r.blocked END`;

/** Units of a page that are accounted for. Of a page that is gone from the ledger nobody can say what it held. */
const found = `CASE WHEN p.id IS NULL THEN 0 ELSE r.rows + r.deduplicated + r.tombstones + r.filtered + ${blocked} END`;

/** Each record is a unit, except where `each` makes units of its elements. */
function offBalance({ each }: MappingPlan): string {
  const parts = `r.units <> ${found}`;
  return each === undefined ? `(${parts} OR (p.records IS NOT NULL AND r.units <> p.records))` : `(${parts})`;
}

async function unbalanced(
  { handle, mapping }: AuditedPages,
  { sql, bound }: Scoped,
  condition: string,
): Promise<Deviation> {
  const records = mapping.each === undefined ? 'coalesce(p.records, r.units)' : 'r.units';
  return deviation(
    handle,
    `SELECT r.page, ${records} AS expected, ${found} AS found ${fromPageRows}${sql} AND ${condition}`,
    [mapping.name, ...bound],
  );
}

/** Pages whose rows are not as many as they were, and rows of pages that have no account. */
async function misstaged(
  { handle, mapping, table }: AuditedPages,
  { sql, bound }: Scoped,
): Promise<Deviation> {
  const staged = `SELECT _page, count(*) AS found FROM ${table} WHERE _op IS NULL GROUP BY _page`;
  const fewer = await deviation(
    handle,
    'SELECT r.page, r.rows AS expected, coalesce(s.found, 0) AS found FROM page_rows r ' +
      `LEFT JOIN pages p ON p.id = r.page LEFT JOIN (${staged}) s ON s._page = r.page ` +
      `WHERE r.mapping = ?${sql} AND r.rows <> coalesce(s.found, 0)`,
    [mapping.name, ...bound],
  );
  if (sql !== '') return fewer;
  const strange = await deviation(
    handle,
    `SELECT s._page AS page, 0 AS expected, s.found FROM (${staged}) s ` +
      'WHERE NOT EXISTS (SELECT 1 FROM page_rows r WHERE r.mapping = ? AND r.page = s._page)',
    [mapping.name],
  );
  return {
    pages: fewer.pages + strange.pages,
    units: fewer.units + strange.units,
    examples: [...fewer.examples, ...strange.examples].slice(0, examplesMax),
  };
}
