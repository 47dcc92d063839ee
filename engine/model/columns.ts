/** Names of the columns that Sluice adds to every row, in table order, before the mapping's own. */
export const accountColumn = '_account';

/** Names of the columns that Sluice adds to every row, in table order, after the mapping's own. */
export const metaColumns = ['_run', '_page', '_loaded_at', '_hash'] as const;
