import type { StreamExpectation } from '../../model/connector-check.ts';

/** A row of a table, as far as it is looked at. */
export interface ArrivedRow {
  readonly key: string;
  readonly cursor: string;
}

export interface Arrived {
  /** Records that are in no row, or not as they are now. */
  readonly lost: number;
  /** Rows beyond one for each record. */
  readonly doubled: number;
  readonly findings: readonly string[];
}

const shownMax = 3;

const shown = (keys: readonly string[]): string =>
  keys.slice(0, shownMax).join(', ') + (keys.length > shownMax ? ` and ${keys.length - shownMax} more` : '');

/** Compares a table with the records that the lab has. */
export function arrivedIn(rows: readonly ArrivedRow[], { rows: expected }: StreamExpectation): Arrived {
  const byKey = new Map(rows.map((row) => [row.key, row.cursor]));
  const missing = [...expected.keys()].filter((key) => !byKey.has(key));
  const stale = [...expected].filter(([key, cursor]) => byKey.has(key) && byKey.get(key) !== cursor);
  const doubled = rows.length - byKey.size + [...byKey.keys()].filter((key) => !expected.has(key)).length;
  return {
    lost: missing.length + stale.length,
    doubled,
    findings: [
      ...(missing.length > 0 ? [`${missing.length} records are in no row: ${shown(missing)}`] : []),
      ...(stale.length > 0
        ? [`${stale.length} rows are not as the record is now: ${shown(stale.map(([key]) => key))}`]
        : []),
      ...(doubled > 0 ? [`${doubled} rows too many`] : []),
    ],
  };
}
