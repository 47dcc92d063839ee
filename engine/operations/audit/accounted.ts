import type { AuditStatus } from '../../model/audit.ts';

/** Percent of units that are accounted for, cut to four decimals: never rounded up to 100. */
export function accountedPercent(units: number, unaccounted: number): number {
  if (unaccounted === 0) return 100;
  if (unaccounted >= units) return 0;
  return Math.floor((1_000_000 * (units - unaccounted)) / units) / 10_000;
}

export const statusOf = (percent: number, threshold: number): AuditStatus =>
  percent < threshold ? 'mismatch' : 'accounted';

/** What the parts of a report make of the whole. */
export function worst(statuses: readonly AuditStatus[]): AuditStatus {
  if (statuses.includes('mismatch')) return 'mismatch';
  return statuses.length === 0 || statuses.includes('inconclusive') ? 'inconclusive' : 'accounted';
}
