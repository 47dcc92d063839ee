import { versionsTable } from '../model/columns.ts';
import type { LogicalType, MappingPlan } from '../model/plan.ts';
import { hasVersionsTable, keepsVersions } from '../model/strategy.ts';
import type { ColumnType } from './column-types.ts';

/**
 * What tells two rows of the table apart. NULL is a cursor like others, and in the table none is the empty text: see
 * `same.sql.hbs`.
 */
export function identityOf({ key, strategy }: Pick<MappingPlan, 'key' | 'strategy'>) {
  const own = strategy === 'append' ? ['_hash'] : strategy === 'scd2' ? ['_page'] : [];
  return {
    equal: [...key, ...own],
    byCursor: own.length > 0,
    byHash: strategy === 'append',
    byPage: strategy === 'scd2',
    identity: own.length > 0 ? [...key, '_cursor', ...own] : key,
  };
}

/** Cursors of one kind begin with the same text: only they are compared. Empty in a stream without a cursor. */
export const kindOf = ({ versionedBy }: { readonly versionedBy?: string }): string =>
  versionedBy === undefined ? '' : `${versionedBy}: `;

/** Columns that are no part of the key. */
export const valuesOf = ({ key, properties }: MappingPlan): readonly string[] =>
  properties.map(({ name }) => name).filter((name) => !key.includes(name));

/** When the values of a row held, and whether they do still. */
export const historyColumns = <T>(types: (type: LogicalType) => ColumnType, filled: T) => [
  { name: '_valid_from', ...types({ name: 'timestamp' }), ...filled },
  { name: '_valid_to', ...types({ name: 'timestamp' }), ...filled },
  { name: '_is_current', ...types({ name: 'boolean' }), ...filled },
];

/** What templates must know of the versions that a table holds. */
export const versionsOf = (mapping: MappingPlan) => ({
  apart: identityOf(mapping).identity,
  keepsVersions: keepsVersions(mapping),
  kind: kindOf(mapping),
  history: mapping.strategy === 'scd2',
  timed: kindOf(mapping).endsWith(' timestamp: '),
  versions: hasVersionsTable(mapping) ? versionsTable(mapping.table) : '',
});
