/** Names of the columns that Sluice adds to every row, in table order, before the mapping's own. */
export const accountColumn = '_account';

/** The table beside a target that knows the newest version of each record: only where rows leave the target. */
export const versionsTable = (table: string): string => `_etl_versions_${table}`;

/** Names of the columns that Sluice adds to every row, in table order, after the mapping's own. */
export const metaColumns = [
  '_run',
  '_page',
  '_loaded_at',
  '_hash',
  '_cursor',
  '_record',
  '_deleted_at',
  '_valid_from',
  '_valid_to',
  '_is_current',
] as const;
