import type { Dialect } from '../dialect.ts';
import type { Bound, Condition } from '../handle.ts';
import { unscrubbed } from './sqlite-failures.ts';
import { SqliteTable } from './sqlite-table.ts';

/** SQLite keeps exact numbers, dates and times as their canonical texts. */
export const sqliteDialect: Dialect = {
  setting: 'storage',
  row: 'rowid',
  rowType: 'INTEGER PRIMARY KEY',
  table: (mapping) => new SqliteTable(mapping),
  beyond(column, type, sign, limit) {
    if (type === 'integer' || type === 'decimal') return exactBound(column, sign, limit);
    if (type === 'double') return { sql: `${column} ${sign} ?`, bound: [Number(limit)] };
    // Canonical texts of dates, times and instants compare like their values.
    return { sql: `${column} ${sign} ?`, bound: [limit] };
  },
  unlisted(column, type, values) {
    const places = values.map(() => '?').join(', ');
    if (type === 'integer' || type === 'decimal') {
      // The same number may be written with and without zeros at its end.
      const plain = `CASE WHEN instr(${column}, '.') > 0 THEN rtrim(rtrim(${column}, '0'), '.') ELSE ${column} END`;
      return { sql: `${plain} NOT IN (${places})`, bound: values.map(withoutZeros) };
    }
    return { sql: `${column} NOT IN (${places})`, bound: values.map((value) => stored(type, value)) };
  },
  text: (sql) => sql,
  async state(handle) {
    const version = await handle.first<{ data_version: number }>('PRAGMA data_version');
    const changes = await handle.first<{ changes: number }>('SELECT total_changes() AS changes');
    return `${version?.data_version} ${changes?.changes}`;
  },
  async settle(handle) {
    // A commit alone is not on the disk yet, a checkpoint is.
    await handle.exec('PRAGMA wal_checkpoint(PASSIVE)');
  },
  async scrub(handle, storage) {
    await handle.exec('VACUUM');
    // The write-ahead log holds what it was before, and what it is now.
    const emptied = await handle.first<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)');
    if (emptied?.busy !== 0) throw unscrubbed(storage);
  },
  async shrink(handle) {
    await handle.exec('VACUUM');
    await handle.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  },
};

/** Doubles decide, except near the limit: there the texts are compared exactly. */
function exactBound(column: string, sign: '<' | '>', limit: string): Condition {
  const real = Number(limit);
  const margin = Math.abs(real) * 1e-12;
  const outer = sign === '<' ? real + margin : real - margin;
  const inner = sign === '<' ? real - margin : real + margin;
  const equals = sign === '<' ? '<=' : '>=';
  const value = `CAST(${column} AS REAL)`;
  return {
    sql: `(${value} ${equals} ? AND (${value} ${sign} ? OR compare_decimals(${column}, ?) ${sign} 0))`,
    bound: [outer, inner, limit],
  };
}

const withoutZeros = (value: string): string => (value.includes('.') ? value.replace(/\.?0+$/, '') : value);

function stored(type: string, value: string): Bound {
  if (type === 'boolean') return value === 'true' || value === '1' ? 1 : 0;
  return type === 'double' ? Number(value) : value;
}
