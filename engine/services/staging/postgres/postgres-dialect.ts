import type { Dialect } from '../dialect.ts';
import { quote } from '../handle.ts';
import { canonical, castTypes } from './column-types.ts';
import { PostgresTable } from './postgres-table.ts';

const typed = (type: keyof typeof castTypes): string =>
  castTypes[type] === undefined ? '?' : `CAST(? AS ${castTypes[type]})`;

/** Any other text than these is false. */
const flag = (value: string): string => (value === 'true' || value === '1' ? '1' : '0');

/** Types whose values a check may write in several ways. */
const compared = new Set(['integer', 'decimal', 'double', 'boolean']);

/** PostgreSQL keeps values in columns of their own types. */
export const postgresDialect: Dialect = {
  setting: 'schema',
  row: 'ctid',
  rowType: 'tid',
  table: (mapping) => new PostgresTable(mapping),
  beyond(column, type, sign, limit) {
    return { sql: `${column} ${sign} ${typed(type)}`, bound: [limit] };
  },
  unlisted(column, type, values) {
    const isCompared = compared.has(type);
    const places = values.map(() => (isCompared ? typed(type) : '?')).join(', ');
    return {
      sql: `${isCompared ? column : canonical(column, type)} NOT IN (${places})`,
      bound: type === 'boolean' ? values.map(flag) : values,
    };
  },
  text: canonical,
  async state(handle) {
    const found = await handle.first<{ state: string }>(
      'SELECT CAST(pg_current_snapshot() AS text) AS state',
    );
    return found?.state ?? '';
  },
  // A commit waits for the disk.
  async settle() {},
  async scrub(handle) {
    const tables = await handle.select<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename',
    );
    for (const { name } of tables) await handle.exec(`VACUUM (FULL) ${quote(name)}`);
  },
  async shrink(handle) {
    await handle.exec('VACUUM pages');
  },
};
