/** What is to change in a case of a test file, so that it expects what was found. */
export interface CaseChange {
  /** Single values, in rows that stay; `undefined` where the mapping has no such property any more. */
  readonly values?: readonly { readonly row: number; readonly column: string; readonly value: unknown }[];
  /** How many rows there are. */
  readonly rows?: number;
  /** Rows behind those that were expected. */
  readonly added?: readonly object[];
  /** Properties of the values that are blocked. */
  readonly blocked?: readonly string[];
  readonly filtered?: number;
  readonly deleted?: number;
}

/** Records of a page, without what `redact` and `pii` keep away. */
export interface PageRecords {
  readonly records: readonly { readonly [key: string]: unknown }[];
  /** Primary key of each, as text. */
  readonly keys: readonly string[];
}
