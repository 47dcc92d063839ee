import {
  type Deviation,
  type LoadedLedger,
  type LoadRecord,
  nothingOdd,
  type PageRange,
  type StagedLoad,
} from '../../model/audit.ts';
import { type AuditedPages, deviation, examplesMax } from './audit-pages.ts';
import { PageRanges } from './page-ranges.ts';

/** A row of `loads`, newest first. */
interface LoadRow {
  readonly id: string;
  readonly run: string;
  readonly first_page: number;
  readonly last_page: number;
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly superseded: number;
  readonly held: number;
  readonly loaded_at: string;
  readonly hash: string;
  /** Rows of persons, or of whole pages, that were forgotten since. */
  readonly forgotten: number;
}

const columns = [
  'id',
  'run',
  'first_page',
  'last_page',
  'rows',
  'inserted',
  'updated',
  'unchanged',
  'superseded',
  'held',
  'loaded_at',
  'hash',
  'forgotten',
].join(', ');

/**
 * The loads that hold what is loaded of a mapping as it is now. A page may have been loaded several times: its newest
 * load counts, and one of which every page was loaded again is left out. `range` are the pages looked at.
 */
export async function loadedLedger(
  audited: AuditedPages,
  range: PageRange | undefined,
): Promise<LoadedLedger> {
  const { handle, mapping } = audited;
  const rows = await handle.select<LoadRow>(
    `SELECT ${columns} FROM loads WHERE mapping = ? ORDER BY epoch DESC, loaded_at DESC, last_page DESC`,
    mapping.name,
  );
  const ranges = new PageRanges();
  const loads: StagedLoad[] = [];
  let repeated = 0;
  for (const row of rows) {
    if (row.hash !== mapping.hash) continue;
    const pages = { first: Number(row.first_page), last: Number(row.last_page) };
    const fresh = ranges.add(pages);
    const isWhole = isAll(fresh, pages);
    const covered = await rowsIn(audited, fresh);
    if (!isOf(pages, range) || (!isWhole && covered === 0)) continue;
    if (!isWhole) repeated += Number(row.rows) + Number(row.held) - covered;
    loads.push({
      ...loadOf(row),
      held: Number(row.held),
      covered: covered + forgottenOf(row, isWhole),
      isWhole,
    });
  }
  const uncovered = range === undefined ? nothingOdd : await uncoveredPages(audited, ranges, range);
  return { loads: loads.reverse(), known: new Set(rows.map(({ id }) => id)), repeated, uncovered };
}

/** Of a load that others hold in part nobody knows in which part they were. */
const forgottenOf = ({ forgotten }: LoadRow, isWhole: boolean): number => (isWhole ? Number(forgotten) : 0);

const isAll = ([part, ...others]: readonly PageRange[], { first, last }: PageRange): boolean =>
  others.length === 0 && part?.first === first && part.last === last;

const isOf = ({ first, last }: PageRange, range: PageRange | undefined): boolean =>
  range !== undefined && last >= range.first && first <= range.last;

const loadOf = (row: LoadRow): LoadRecord => ({
  unit: row.id,
  run: row.run,
  firstPage: Number(row.first_page),
  lastPage: Number(row.last_page),
  counts: {
    staged: Number(row.rows),
    inserted: Number(row.inserted),
    updated: Number(row.updated),
    unchanged: Number(row.unchanged),
    superseded: Number(row.superseded),
  },
  loadedAt: row.loaded_at,
});

async function rowsIn({ handle, mapping }: AuditedPages, ranges: readonly PageRange[]): Promise<number> {
  let rows = 0;
  for (const { first, last } of ranges) {
    const sum = await handle.first<{ rows: number }>(
      'SELECT coalesce(sum(rows), 0) AS rows FROM page_rows WHERE mapping = ? AND page BETWEEN ? AND ?',
      mapping.name,
      first,
      last,
    );
    rows += Number(sum?.rows ?? 0);
  }
  return rows;
}

/** Pages with rows that the mapping has passed, and no load holds. */
async function uncoveredPages(
  { handle, mapping, loadedThrough }: AuditedPages,
  ranges: PageRanges,
  { first, last }: PageRange,
): Promise<Deviation> {
  let all = nothingOdd;
  for (const gap of ranges.missing({ first, last: Math.min(last, loadedThrough) })) {
    const found = await deviation(
      handle,
      'SELECT page, rows AS expected, 0 AS found FROM page_rows WHERE mapping = ? AND page BETWEEN ? AND ? AND rows > 0',
      [mapping.name, gap.first, gap.last],
    );
    all = {
      pages: all.pages + found.pages,
      units: all.units + found.units,
      examples: [...all.examples, ...found.examples].slice(0, examplesMax),
    };
  }
  return all;
}
