import type { CsvPlan } from './body-plan.ts';
import type { CursorType } from './plan.ts';

/** Header of a response that says where the next page begins: JSON, absent behind the last one. */
export const nextHeader = 'sluice-next';

/** What is asked of files: the body of a request, as JSON. */
export interface FileAsk {
  /** Path below the base of the source; of files on this machine, a glob. */
  readonly files: string;
  readonly format: FileFormat;
  readonly csv?: CsvPlan;
  /** Most rows of a page. */
  readonly rows: number;
  readonly order: 'name' | 'modified';
  /** The first that is wanted: a name, or a canonical instant. */
  readonly from?: string;
  /** Whether the file called `from` has been read. */
  readonly behind?: true;
  /** Where the page begins; absent at the first file. */
  readonly at?: FilePlace;
}

export type FileFormat = 'json' | 'ndjson' | 'csv' | 'parquet';

/** A place in a file, and how the file was when its first page was read. */
export interface FilePlace {
  readonly file: string;
  /** Bytes before it, unpacked; of Parquet, rows. */
  readonly offset: number;
  /** Line that begins there, from 1. */
  readonly line: number;
  /** Tells one version of the file from another. */
  readonly version: string;
  /** Of CSV: everything up to the end of its header, Base64. */
  readonly head?: string;
}

/** What is asked of a database: the body of a request, as JSON. */
export interface TableAsk {
  /** `schema.table` or `table`; absent where there is a query. */
  readonly table?: string;
  readonly query?: string;
  readonly key: readonly string[];
  readonly cursor?: { readonly column: string; readonly type: CursorType };
  readonly rows: number;
  /** First cursor that is wanted, canonical; and the first that is not. */
  readonly from?: string;
  readonly to?: string;
  /** Cursor and key of the last row before the page, as the database writes them. */
  readonly after?: readonly string[];
}
