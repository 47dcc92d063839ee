import type { LoadedCounts } from '../../model/audit.ts';
import type { Rows } from './session.ts';

/** A row of `_etl_loads`, with the counts of its unit. */
type LoadsRow = Rows['rows'][number];

export const loadedCounts = (row: LoadsRow): LoadedCounts => ({
  staged: Number(row['staged']),
  inserted: Number(row['inserted']),
  updated: Number(row['updated']),
  unchanged: Number(row['unchanged']),
  superseded: Number(row['superseded']),
});

/** An account of before records could leave has no such column. */
export const deletedCount = (row: LoadsRow): number => Number(row['deleted'] ?? 0);
