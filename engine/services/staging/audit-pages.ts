import { type AuditScope, type Deviation, nothingOdd, type PageExample } from '../../model/audit.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import type { Bound, Handle } from './handle.ts';

/** A mapping in the ledger. */
export interface FoundMapping {
  readonly handle: Handle;
  readonly environment: string;
  readonly mapping: MappingPlan;
  readonly stream: StreamPlan;
  /** Its table of staged rows, quoted. */
  readonly table: string;
}

export interface AuditedPages extends FoundMapping {
  readonly loadedThrough: number;
}

/** Conditions on the table `pages`, called `p`, that follow others; empty where all pages are meant. */
export interface Scoped {
  readonly sql: string;
  readonly bound: readonly string[];
}

export function scoped({ run, from, to }: AuditScope): Scoped {
  const conditions = [
    ['p.run = ?', run],
    ['p.begins_at >= ?', from],
    // A window without a beginning began before every other.
    ["coalesce(p.begins_at, '') < ?", to],
  ].filter((one): one is [string, string] => one[1] !== undefined);
  return {
    sql: conditions.map(([condition]) => ` AND ${condition}`).join(''),
    bound: conditions.map(([, value]) => value),
  };
}

/** Pages of each kind that are named. */
export const examplesMax = 5;

/** Counts the pages that a query finds, and names the first. */
export async function deviation(handle: Handle, query: string, bound: readonly Bound[]): Promise<Deviation> {
  const total = await handle.first<{ pages: number; units: number }>(
    `SELECT count(*) AS pages, coalesce(sum(abs(expected - found)), 0) AS units FROM (${query}) d`,
    ...bound,
  );
  if (Number(total?.pages ?? 0) === 0) return nothingOdd;
  const examples = await handle.select<PageExample>(
    `SELECT page, expected, found FROM (${query}) d ORDER BY page LIMIT ${examplesMax}`,
    ...bound,
  );
  return {
    pages: Number(total?.pages),
    units: Number(total?.units),
    examples: examples.map(({ page, expected, found }) => ({
      page: Number(page),
      expected: Number(expected),
      found: Number(found),
    })),
  };
}
