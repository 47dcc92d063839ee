// Made from schema.json by `npm run types`. Do not edit.

export type AnyConfig = Project | Source | Mapping | Test;
/**
 * What happens to a value that does not fit: `block` keeps the row aside and counts it, `set_null` stores NULL and counts it, `fail` stops the stream.
 */
export type OnInvalid = 'block' | 'set_null' | 'fail';
export type Transform = TransformName | TransformWith;
/**
 * A change without settings.
 */
export type TransformName = 'trim' | 'upper' | 'lower' | 'collapse_spaces' | 'null_if_empty' | 'digits';

/**
 * The project file, etl.yml: its name, variables, defaults and environments.
 */
export interface Project {
  /**
   * Says that this file is the project file.
   */
  kind: 'project';
  /**
   * Name of the project; it stands in plans, logs and reports.
   */
  name: string;
  vars?: Vars;
  pii?: PiiSettings;
  defaults?: Defaults;
  /**
   * Named sets of connections. The first one is the default unless one is called `dev`.
   */
  environments?: {
    [k: string]: Environment;
  };
}
/**
 * Names and their values.
 */
export interface Vars {
  /**
   * A text, number or boolean.
   */
  [k: string]: string | number | boolean;
}
/**
 * How personal data is turned into tokens before anything is stored.
 */
export interface PiiSettings {
  /**
   * Secret key of the HMAC-SHA-256 that makes tokens of properties marked `pii: hmac`. The same key gives the same token, so joins keep working.
   */
  key: string;
}
/**
 * Values inherited by every stream and mapping that does not say otherwise.
 */
export interface Defaults {
  stream?: StreamDefaults;
  mapping?: MappingDefaults;
}
/**
 * Inherited by every stream.
 */
export interface StreamDefaults {
  /**
   * How far before its cursor each run starts again; see `cursor.lookback`.
   */
  lookback?: string;
}
/**
 * Inherited by every mapping.
 */
export interface MappingDefaults {
  onInvalid?: OnInvalid;
}
/**
 * One named set of connections.
 */
export interface Environment {
  /**
   * Environment whose settings this one starts from.
   */
  extends?: string;
  vars?: Vars;
  staging?: StagingSettings;
  warehouse?: WarehouseSettings;
}
/**
 * The staging database between API and warehouse.
 */
export interface StagingSettings {
  /**
   * Which database keeps the ledger and the staged rows.
   */
  dialect?: 'sqlite';
  /**
   * File of the SQLite database, relative to the project folder.
   */
  storage?: string;
}
/**
 * Where tables end up.
 */
export interface WarehouseSettings {
  /**
   * Which warehouse.
   */
  type?: 'duckdb';
  /**
   * File of the DuckDB database, relative to the project folder.
   */
  path?: string;
  /**
   * Most memory DuckDB may use while it loads.
   */
  memory?: string;
}
/**
 * An API account and the streams read from it.
 */
export interface Source {
  /**
   * Says that this file declares a source.
   */
  kind: 'source';
  /**
   * Name of the source; mappings refer to its streams as `SOURCE.STREAM`.
   */
  name: string;
  /**
   * What this source is, for readers.
   */
  description?: string;
  /**
   * How this source is read.
   */
  connector?: 'http';
  /**
   * URL that every request path is appended to. Requests never leave its origin.
   */
  baseUrl: string;
  auth?: Auth;
  /**
   * Headers sent with every request.
   */
  headers?: {
    /**
     * Value of the header.
     */
    [k: string]: string;
  };
  /**
   * Paths dropped from every record before anything is stored; `*` stands for any key.
   */
  redact?: string[];
  budget?: Budget;
  /**
   * Longest wait for a response to begin, and between two pieces of it.
   */
  timeout?: string;
  /**
   * Largest response accepted, compressed or not. A larger one is refused without being read.
   */
  maxResponseBytes?: string;
  /**
   * How often one request is tried before the stream fails. Waiting for a permit is not an attempt.
   */
  attempts?: number;
  /**
   * The collections of records to read, by name.
   */
  streams: {
    [k: string]: Stream;
  };
}
/**
 * How requests authenticate. Secrets are references, never plain text.
 */
export interface Auth {
  /**
   * Kind of authentication.
   */
  type: 'none' | 'api_key' | 'bearer' | 'basic';
  /**
   * Header that carries the API key.
   */
  header?: string;
  /**
   * Query parameter that carries the API key, where a header cannot.
   */
  query?: string;
  /**
   * The API key.
   */
  value?: string;
  /**
   * The bearer token.
   */
  token?: string;
  /**
   * User name of basic authentication.
   */
  username?: string;
  /**
   * Password of basic authentication.
   */
  password?: string;
}
/**
 * All limits of one credential.
 */
export interface Budget {
  /**
   * What the limits are counted by. Sources that share a credential share a domain.
   */
  domain?: string;
  /**
   * Share of every declared rate that is left unused.
   */
  headroom?: string;
  /**
   * The limits. All that match a request bind it.
   */
  limits?: Limit[];
}
/**
 * One limit of a budget.
 */
export interface Limit {
  /**
   * Name of the limit, in messages and reports.
   */
  id: string;
  bucket: Bucket;
  when?: LimitWhen;
}
/**
 * A leaky bucket: a steady rate and the burst allowed above it.
 */
export interface Bucket {
  /**
   * Requests per unit of time.
   */
  rate: string;
  /**
   * Requests that may be sent at once after a pause.
   */
  burst?: number;
}
/**
 * Which requests the limit binds; without it, all.
 */
export interface LimitWhen {
  /**
   * Pattern of the request path below `baseUrl`; `*` stands for any run of characters.
   */
  path: string;
}
/**
 * One collection of records.
 */
export interface Stream {
  /**
   * What the records are, for readers.
   */
  description?: string;
  request: StreamRequest;
  /**
   * Path of the array of records in the response; without it the response itself is the array.
   */
  records?: string;
  /**
   * Paths that together identify a record.
   */
  primaryKey: string[];
  paginate?: Paginate;
  cursor?: Cursor;
  /**
   * Most pages one run may fetch of this stream; more is taken for an endless listing and stops it.
   */
  pagesMax?: number;
  lab?: StreamLab;
}
/**
 * The request that lists the records.
 */
export interface StreamRequest {
  /**
   * Path below `baseUrl`.
   */
  path: string;
  /**
   * Query parameters sent with every request.
   */
  query?: {
    /**
     * Value of the parameter.
     */
    [k: string]: string | number | boolean;
  };
  /**
   * Headers sent with every request of this stream.
   */
  headers?: {
    /**
     * Value of the header.
     */
    [k: string]: string;
  };
}
/**
 * How the next page is found.
 */
export interface Paginate {
  /**
   * Kind of paging.
   */
  type: 'none' | 'link_header' | 'next_url' | 'cursor_token' | 'page' | 'offset';
  /**
   * `link_header`: relation of the link to the next page.
   */
  rel?: string;
  /**
   * `next_url`: path of the next page’s URL in the response.
   */
  path?: string;
  /**
   * `cursor_token`: path of the token in the response; absent, null or empty means the last page.
   */
  token?: string;
  /**
   * Query parameter that carries the token, the page number or the offset.
   */
  param?: string;
  /**
   * `page`: number of the first page.
   */
  start?: number;
  /**
   * Records asked for per page.
   */
  size?: number;
  /**
   * Query parameter that carries the page size.
   */
  sizeParam?: string;
  /**
   * `page`, `offset`: path of the total number of records in the response; saves the request for the empty page that otherwise ends the listing.
   */
  total?: string;
}
/**
 * What tells a changed record.
 */
export interface Cursor {
  /**
   * Path of the value in the record that grows with every change.
   */
  field: string;
  /**
   * Type of that value.
   */
  type?: 'timestamp' | 'integer' | 'string';
  /**
   * How a timestamp is written in the request.
   */
  format?: 'iso' | 'epoch' | 'epoch_ms';
  /**
   * Where the first run begins; without it, at the first record.
   */
  start?: string | number;
  /**
   * How far before its cursor each run starts again, for records committed late or sharing a timestamp. What is read again is recognised by its key.
   */
  lookback?: string;
  from: CursorFrom;
}
/**
 * Where the request carries the cursor.
 */
export interface CursorFrom {
  /**
   * Query parameter for the earliest value wanted, inclusive.
   */
  query: string;
}
/**
 * What the lab serves for this stream. Without it: lab/SOURCE/STREAM.ndjson or .csv.
 */
export interface StreamLab {
  /**
   * NDJSON or CSV file, relative to the project folder; .gz is read too.
   */
  data?: string;
  generate?: Generate;
}
/**
 * A seeded generator instead of a file.
 */
export interface Generate {
  /**
   * How many records there are.
   */
  records: number;
  /**
   * Seed; the same seed gives the same records.
   */
  seed?: number;
  /**
   * The record: each property is a literal, a nested object, or a generator `{gen: …}`.
   */
  record: {
    /**
     * A literal, an object, or a generator.
     */
    [k: string]: {
      [k: string]: unknown;
    };
  };
}
/**
 * A stream’s properties turned into a target table’s columns.
 */
export interface Mapping {
  /**
   * Says that this file declares a mapping.
   */
  kind: 'mapping';
  /**
   * Name of the mapping; it is also the name of its table unless `to.table` says otherwise.
   */
  name: string;
  /**
   * What one row is, for readers.
   */
  description?: string;
  /**
   * The stream, as `SOURCE.STREAM`.
   */
  from: string;
  /**
   * Path of an array in the record: one row per element instead of one per record. `$parent.x` is then a path of the record, `$index` the element’s position.
   */
  each?: string;
  where?: Where;
  to?: Target;
  load: Load;
  onInvalid?: OnInvalid;
  /**
   * The columns, by name.
   */
  properties: {
    [k: string]: Property;
  };
  /**
   * Checks of the staged rows before they are loaded.
   */
  checks?: Check[];
}
/**
 * Conditions by path; all must hold. A plain value means equality.
 */
export interface Where {
  /**
   * A value to equal, or conditions.
   */
  [k: string]: {
    [k: string]: unknown;
  };
}
/**
 * The target table.
 */
export interface Target {
  /**
   * Schema of the table.
   */
  schema?: string;
  /**
   * Name of the table.
   */
  table?: string;
}
/**
 * How rows reach the table.
 */
export interface Load {
  /**
   * `merge` inserts new rows and updates changed ones by key.
   */
  strategy?: 'merge';
  /**
   * Columns that identify a row. `_account` is always part of the key.
   */
  key: string[];
  /**
   * Most rows in one load; more are loaded in several.
   */
  rowsMax?: number;
}
/**
 * One column: where its value comes from, and its type.
 */
export interface Property {
  /**
   * What the column means, for readers.
   */
  description?: string;
  /**
   * Path of the value: `customer.email`, `lines[0].sku`, `properties['deal.stage']`, `$parent.id`, `$index`.
   */
  from?: string;
  /**
   * A constant.
   */
  value?: string | number | boolean;
  /**
   * A Handlebars template over the record or element; `parent` and `index` are there too.
   */
  template?: string;
  /**
   * A JSONata expression over the record or element; `$parent` and `$index` are there too. Powerful, and about fifty times slower than a path.
   */
  expr?: string;
  /**
   * Type of the column: string, integer, decimal(p,s), double, boolean, date, time, timestamp (an instant), datetime (no zone), json or binary.
   */
  type: string;
  /**
   * Whether a missing, null or empty value is invalid.
   */
  required?: boolean;
  /**
   * IANA zone of times that come without one. It is never guessed.
   */
  zone?: string;
  /**
   * How a timestamp or date is written in the record.
   */
  format?: 'iso' | 'epoch' | 'epoch_ms';
  /**
   * Changes made to the text before it gets its type, in order.
   */
  transform?: Transform[];
  /**
   * Personal data: `hmac` stores a keyed token instead of the value, `drop` nothing at all. The value itself never touches disk.
   */
  pii?: 'hmac' | 'drop';
  onInvalid?: OnInvalid;
}
/**
 * A change with settings; exactly one of them.
 */
export interface TransformWith {
  replace?: Replace;
  /**
   * Replaces a value by another; what is not listed stays.
   */
  map?: {
    /**
     * The new value.
     */
    [k: string]: string;
  };
  /**
   * Moves the decimal point exactly: -2 makes units of cents.
   */
  shift?: number;
}
/**
 * Replaces every match of a regular expression.
 */
export interface Replace {
  /**
   * The regular expression.
   */
  pattern: string;
  /**
   * What stands in its place; `$1` is the first group.
   */
  with: string;
}
/**
 * A check of the staged rows of this mapping.
 */
export interface Check {
  /**
   * What is checked.
   */
  kind: 'not_null' | 'unique' | 'range' | 'accepted_values' | 'row_count' | 'freshness';
  /**
   * The column.
   */
  column?: string;
  /**
   * `unique`: the columns that together are unique.
   */
  columns?: string[];
  /**
   * `range`, `row_count`: the least value allowed.
   */
  min?: number | string;
  /**
   * `range`, `row_count`: the greatest value allowed.
   */
  max?: number | string;
  /**
   * `accepted_values`: the values allowed.
   */
  values?: (string | number | boolean)[];
  /**
   * `freshness`: the greatest age of the newest value.
   */
  maxAge?: string;
  /**
   * `error` keeps the mapping from being loaded, `warn` only reports.
   */
  severity?: 'error' | 'warn';
}
/**
 * Fixtures of a mapping: records in, rows out.
 */
export interface Test {
  /**
   * Says that this file holds tests.
   */
  kind: 'test';
  /**
   * Name of the group of tests.
   */
  name: string;
  /**
   * The mapping under test.
   */
  mapping: string;
  /**
   * The cases.
   */
  cases: TestCase[];
}
/**
 * One case: records as the API sends them, and what becomes of them.
 */
export interface TestCase {
  /**
   * What the case shows, as a sentence.
   */
  name: string;
  /**
   * The records.
   */
  records: {
    [k: string]: unknown;
  }[];
  /**
   * The rows expected, in order; only the columns named are compared.
   */
  rows?: {
    [k: string]: unknown;
  }[];
  /**
   * The values expected to be blocked.
   */
  blocked?: TestBlocked[];
  /**
   * How many records or elements `where` leaves out.
   */
  filtered?: number;
}
/**
 * One value expected to be blocked.
 */
export interface TestBlocked {
  /**
   * The property whose value does not fit.
   */
  property: string;
}
