import type { Blocker, BlockerFilter, BlockerKind, BlockerStatus } from '../../model/blocker.ts';
import type { Severity } from '../../model/diagnostic.ts';
import type { Bound } from './handle.ts';

interface BlockerRow {
  readonly id: number;
  readonly kind: BlockerKind;
  readonly code: string;
  readonly severity: Severity;
  readonly source: string;
  readonly account: string;
  readonly stream: string;
  readonly mapping: string;
  readonly page: number | null;
  readonly ordinal: number | null;
  readonly idx: number | null;
  readonly record: string;
  readonly property: string;
  readonly reason: string;
  readonly value: string;
  readonly status: BlockerStatus;
  readonly owner: string;
  readonly note: string;
  readonly run: string;
  readonly step: string;
  readonly seen: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const columns =
  'id, kind, code, severity, source, account, stream, mapping, page, ordinal, idx, record, property, ' +
  'reason, value, status, owner, note, run, step, seen, created_at, updated_at';

function blockerOf({ idx, created_at, updated_at, stream, source, ...row }: BlockerRow): Blocker {
  const times = { createdAt: created_at, updatedAt: updated_at };
  return { ...row, ...times, source, stream: `${source}.${stream}`, index: idx };
}

interface Query {
  readonly sql: string;
  readonly bound: readonly Bound[];
}

/** `WHERE …` of a filter. Ids are left to the caller where they are many. */
function where({ ids, stream, ...equal }: BlockerFilter): Query {
  const plain = Object.entries(equal).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const conditions = [
    ...plain.map(([column]) => `${column} = ?`),
    ...(stream === undefined ? [] : ["source || '.' || stream = ?"]),
    ...(ids === undefined ? [] : [`id IN (${ids.map(() => '?').join(', ') || 'NULL'})`]),
  ];
  const bound = [
    ...plain.map(([, value]) => value),
    ...(stream === undefined ? [] : [stream]),
    ...(ids ?? []),
  ];
  return { sql: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, bound };
}

/** Newest first. */
export function selectBlockers(filter: BlockerFilter, limit: number): Query {
  const { sql, bound } = where(filter);
  return { sql: `SELECT ${columns} FROM blockers ${sql} ORDER BY id DESC LIMIT ?`, bound: [...bound, limit] };
}

export function countBlockers(filter: BlockerFilter): Query {
  const { sql, bound } = where(filter);
  return { sql: `SELECT count(*) AS total FROM blockers ${sql}`, bound };
}

export const blockersOf = (rows: readonly object[]): readonly Blocker[] =>
  (rows as readonly BlockerRow[]).map(blockerOf);
