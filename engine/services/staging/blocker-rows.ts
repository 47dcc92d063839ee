import type { Blocker, BlockerFilter } from '../../model/blocker.ts';
import type { Bound } from './handle.ts';

/** A Blocker as its table has it. */
export interface BlockerRow extends Omit<Blocker, 'index' | 'createdAt' | 'updatedAt'> {
  readonly idx: number | null;
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
function where({ ids, stream: named, ...others }: BlockerFilter): Query {
  const [stream, account] = named?.split('@') ?? [];
  const equal = { ...others, ...(account !== undefined && { account }) };
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
