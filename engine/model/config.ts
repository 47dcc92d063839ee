// Made from schema.json by `npm run types`. Do not edit.

export type AnyConfig = Project | Source | Mapping | Properties | Catalog | Test | Overrides | Parity;
/**
 * What happens to a value that does not fit: `block` keeps the row aside and counts it, `set_null` stores NULL and counts it, `fail` stops the stream.
 */
export type OnInvalid = 'block' | 'set_null' | 'fail';
/**
 * What happens to a change of structure: `evolve` follows it, `freeze` refuses the plan, `discard_value` and `discard_row` leave out the value or the row, `quarantine` blocks the row.
 */
export type ContractRule = 'evolve' | 'freeze' | 'discard_value' | 'discard_row' | 'quarantine';
/**
 * Paths dropped from every record before anything is stored; `*` stands for any key.
 */
export type Redact = string[];
/**
 * Other origins that next links and redirects may lead to. Credentials are not sent there.
 */
export type AllowedOrigins = string[];
/**
 * What replies mean, by the first rule that matches. Behind them come the general ones: 429 throttles, 401 is auth, 403 stops the stream, 408, 425 and 5xx overload.
 */
export type Responses = ResponseRule[];
export type DescribeType = DescribeTypeName | DescribeTypeWith;
/**
 * Type of a column.
 */
export type DescribeTypeName = string;
export type Unmapped = UnmappedName | UnmappedKeep;
/**
 * What becomes of values that no property reads, without a column.
 */
export type UnmappedName = 'ignore' | 'report';
export type Transform = TransformName | TransformWith;
/**
 * A change without settings. `labels` puts the label of an option in the place of its value, as the catalog of the source has it.
 */
export type TransformName =
  | 'trim'
  | 'upper'
  | 'lower'
  | 'collapse_spaces'
  | 'null_if_empty'
  | 'digits'
  | 'labels';

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
  plans?: PlanSettings;
  audit?: AuditSettings;
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
 * What saved plans allow.
 */
export interface PlanSettings {
  /**
   * How much more than its estimate a stream may ask for under `etl run --plan`; beyond that it stops between two pages. `etl plan --allow-over` says otherwise for one plan.
   */
  allowOver?: string;
}
/**
 * When `etl audit` fails, and what it may use of the budgets.
 */
export interface AuditSettings {
  /**
   * Least share of the source's units, and of the keys that are compared, that must be accounted for. Below it, `etl audit` exits with 5.
   */
  threshold?: string;
  /**
   * Share of every limit that `etl audit --source` may use.
   */
  share?: string;
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
  /**
   * When `etl serve` reads every stream that says nothing else; see `schedule` of a stream.
   */
  schedule?: string;
  freshness?: Freshness;
}
/**
 * How fresh tables are to be.
 */
export interface Freshness {
  /**
   * Longest time from the moment when the API could have given a record until it is loaded.
   */
  slo: string;
}
/**
 * Inherited by every mapping.
 */
export interface MappingDefaults {
  onInvalid?: OnInvalid;
  contract?: Contract;
}
/**
 * What may change in the target table, and what becomes of rows that it cannot take.
 */
export interface Contract {
  tables?: ContractRule;
  columns?: ContractRule;
  types?: ContractRule;
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
  redis?: RedisSettings;
  metrics?: MetricsSettings;
  /**
   * Key of at least 32 characters that encrypts the kept responses (AES-256-GCM). Without it they are only compressed. Typed rows are columns, and are not encrypted.
   */
  pageKey?: string;
  /**
   * Key of at least 32 characters that encrypts tokens which are kept. Without it none is kept.
   */
  tokenKey?: string;
  requires?: Requirements;
  /**
   * Who is told when a run fails or a person must decide. Runs in the lab tell nobody.
   */
  alerts?: Alert[];
}
/**
 * The staging database between API and warehouse.
 */
export interface StagingSettings {
  /**
   * Which database keeps the ledger and the staged rows: a file of this machine, or a server that several machines can share.
   */
  dialect?: 'sqlite' | 'postgres';
  /**
   * File of the SQLite database, relative to the project folder.
   */
  storage?: string;
  /**
   * URL of the PostgreSQL database, version 13 or newer, such as `postgres://etl:PASSWORD@db.example/staging`. Off this machine connections are encrypted and the server’s certificate is checked, unless `?sslmode=` says `require` or `disable`.
   */
  url?: string;
  /**
   * Schema of the PostgreSQL database, made when it is needed. Each environment has one of its own.
   */
  schema?: string;
  /**
   * Whether every row is staged with its page. With `false` only pages are, which is faster and takes less room: load files are written in the same pass, and rows are made of the kept pages when something needs them. A mapping with checks, and one whose rows can leave the table, stages its rows in any case, as `etl plan` says.
   */
  rows?: boolean;
  keep?: KeepSettings;
}
/**
 * How long the responses of pages are kept, from which a changed mapping is made again without a request. One that a mapping has not loaded yet, or with a row that is set aside, is always kept.
 */
export interface KeepSettings {
  /**
   * Responses that were staged longer ago go; their rows and counts stay.
   */
  pages?: string;
  /**
   * Most that kept responses may take, compressed; the oldest go first. Without it there is no bound.
   */
  size?: string;
}
/**
 * Where tables end up.
 */
export interface WarehouseSettings {
  /**
   * Which warehouse.
   */
  type?: 'duckdb' | 'postgres' | 'snowflake';
  /**
   * URL of the PostgreSQL database, version 15 or newer, such as `postgres://loader:PASSWORD@db.example/analytics`. Off this machine connections are encrypted and the server’s certificate is checked, unless `?sslmode=` says `require` or `disable`.
   */
  url?: string;
  /**
   * Account identifier of Snowflake: ORGANIZATION-NAME.
   */
  account?: string;
  /**
   * Host of the Snowflake account, where it is not the usual one, as with private link. A URL with `http` only on this machine.
   */
  host?: string;
  /**
   * Login name of the Snowflake user.
   */
  user?: string;
  /**
   * How to log in to Snowflake. Unless it is named: `key_pair` with a private key, `oauth` with a token, `password` otherwise.
   */
  authenticator?: 'key_pair' | 'password' | 'oauth' | 'pat';
  /**
   * Password of the Snowflake user.
   */
  password?: string;
  /**
   * Private RSA key of the Snowflake user, PEM.
   */
  privateKey?: string;
  /**
   * File with the private RSA key of the Snowflake user, relative to the project folder.
   */
  privateKeyPath?: string;
  /**
   * Passphrase of the private key.
   */
  privateKeyPass?: string;
  /**
   * OAuth token of the Snowflake user, or with `authenticator: pat` a programmatic access token.
   */
  token?: string;
  /**
   * Role to use in Snowflake; without it the user’s own.
   */
  role?: string;
  /**
   * Snowflake warehouse to run on; without it the user’s own.
   */
  warehouse?: string;
  /**
   * Database of Snowflake that has the tables.
   */
  database?: string;
  /**
   * Longest that a statement may run in Snowflake, or wait for a lock.
   */
  statementTimeout?: string;
  /**
   * About how large the compressed files are that a load is cut into for Snowflake.
   */
  fileSize?: string;
  /**
   * Most files that are uploaded to Snowflake at once.
   */
  uploads?: number;
  /**
   * Schema of tables whose mapping names none, and of Sluice’s own tables. `main` in DuckDB, `public` in PostgreSQL and `PUBLIC` in Snowflake unless it is named.
   */
  schema?: string;
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
 * Redis, where processes share budgets, freezes and cached replies. Without it a budget is each process’s own.
 */
export interface RedisSettings {
  /**
   * URL of the server.
   */
  url: string;
  /**
   * First part of every key, so that several environments can use one server.
   */
  prefix?: string;
}
/**
 * Where a run’s figures go: permits, waits, throttles, pages and rows.
 */
export interface MetricsSettings {
  prometheus?: PrometheusSettings;
  otlp?: OtlpSettings;
}
/**
 * An endpoint that Prometheus reads while the run lasts.
 */
export interface PrometheusSettings {
  /**
   * Port of `/metrics`.
   */
  port?: number;
  /**
   * Address that it listens on.
   */
  host?: string;
}
/**
 * An OpenTelemetry collector.
 */
export interface OtlpSettings {
  /**
   * OTLP/HTTP endpoint for metrics.
   */
  url: string;
  /**
   * How often they are sent.
   */
  every?: string;
}
/**
 * What must be proven before a plan for this environment is performed. An environment that extends this one does not take it over.
 */
export interface Requirements {
  parity?: ParityRequirement;
}
/**
 * Evidence of `etl parity`, which `etl plan --out` binds into the plan. Without it, or when it is too old, about other mappings, or no match, `etl run` refuses.
 */
export interface ParityRequirement {
  /**
   * The environment that is compared.
   */
  from: string;
  /**
   * What it is compared with: its own warehouse, or the environment of this name.
   */
  against?: string;
  /**
   * How old the evidence may be when the plan is performed.
   */
  maxAge?: string;
}
/**
 * One place that is told what a run has found, and what of it. Sent at the end of a run, once for each finding; it never fails the run.
 */
export interface Alert {
  /**
   * What kind of place: any server that takes JSON, a Slack-compatible webhook, or a PagerDuty-compatible one.
   */
  to: 'webhook' | 'slack' | 'pagerduty';
  /**
   * Where it is sent. PagerDuty’s own server unless said otherwise.
   */
  url?: string;
  /**
   * Routing key of a PagerDuty service.
   */
  key?: string;
  /**
   * What is told: a Blocker that was opened, one that is open for longer than `age`, credentials that were refused, a run that failed (and the first one that succeeds again), a `freshness` check that fails or a stream that is older than its `freshness.slo`, a stream that brings far fewer or more records than its last runs did, a quota of a day or longer that will be used up before it is given anew if runs go on as they do, every run that succeeds, for a watch that waits for it, and that `etl serve` is alive, every so often.
   */
  on?: (
    | 'blocker'
    | 'blocker_age'
    | 'auth_failure'
    | 'run_failed'
    | 'freshness'
    | 'record_count'
    | 'quota_forecast'
    | 'run_succeeded'
    | 'heartbeat'
  )[];
  /**
   * How often `etl serve` sends `heartbeat`.
   */
  every?: string;
  /**
   * How long a Blocker may be open, for `blocker_age`.
   */
  age?: string;
  /**
   * For `record_count`: how many times as far as usual a stream’s count of records may be from the median of its last runs. Usual is the median of their own distances, and at least a tenth of the count.
   */
  deviation?: number;
  /**
   * Only Blockers of these owners; without it, of all.
   */
  owners?: string[];
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
  vars?: Vars;
  /**
   * The accounts that this source is read from, by name: shops, portals, sellers. What an account says extends what the source says; without this there is one, `default`. Each has its own credentials, positions, locks and Blockers; `_account` is in every row and key.
   */
  accounts?: {
    [k: string]: Account;
  };
  /**
   * What says how this source is read, as far as the source does not: `http`, and for other than APIs `files`, `postgres` and `mysql`, say nothing more; a packaged connector (`shopify`) or one of the project (`./connectors/erp`) does. Its settings are merged under those of the source: objects key by key, lists and values replace, `null` takes a key away.
   */
  connector?: string;
  /**
   * URL that every request path is appended to. Requests never leave its origin.
   */
  baseUrl: string;
  auth?: Auth;
  headers?: Headers;
  redact?: Redact;
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
  timeouts?: Timeouts;
  /**
   * Most retries, in percent of the requests that were answered well; ten are always free. When a provider fails, it is not asked again and again by every stream.
   */
  retryBudget?: string;
  allowedOrigins?: AllowedOrigins;
  responses?: Responses;
  lab?: SourceLab;
  streams: Streams;
}
/**
 * One account of a source. Its keys extend those of the source: objects merge key by key, lists and values replace, `null` takes a key away.
 */
export interface Account {
  vars?: Vars;
  /**
   * URL that every request path is appended to for this account.
   */
  baseUrl?: string;
  /**
   * Keys of `auth` that are this account's own.
   */
  auth?: {
    [k: string]: unknown;
  };
  /**
   * Headers that are this account's own.
   */
  headers?: {
    [k: string]: unknown;
  };
  /**
   * Keys of `budget` that are this account's own.
   */
  budget?: {
    [k: string]: unknown;
  };
}
/**
 * How requests authenticate. Secrets are references, never plain text.
 */
export interface Auth {
  /**
   * Kind of authentication: none, an API key, a bearer token, basic, OAuth2, a signed JWT that is exchanged for a token, or a login that gives a session token.
   */
  type: 'none' | 'api_key' | 'bearer' | 'basic' | 'oauth2' | 'jwt_bearer' | 'session';
  /**
   * Header that carries the API key, the session token, or the token of `oauth2` and `jwt_bearer` where it is not `Authorization`.
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
  /**
   * How OAuth2 gives an access token.
   */
  grant?: 'client_credentials' | 'refresh_token';
  /**
   * URL that gives tokens. Credentials go there and to the source, nowhere else.
   */
  tokenUrl?: string;
  /**
   * OAuth2 client id.
   */
  clientId?: string;
  /**
   * OAuth2 client secret.
   */
  clientSecret?: string;
  /**
   * Where the client id and secret are sent: as basic authentication or in the body.
   */
  clientAuth?: 'basic' | 'body';
  /**
   * The first refresh token. Where each answer brings a new one, that is kept, encrypted, in staging.
   */
  refreshToken?: string;
  /**
   * Scopes, separated by spaces.
   */
  scope?: string;
  /**
   * Audience of the token.
   */
  audience?: string;
  /**
   * Further parameters of the token request.
   */
  parameters?: {
    /**
     * Value.
     */
    [k: string]: string;
  };
  /**
   * `iss` of the JWT.
   */
  issuer?: string;
  /**
   * `sub` of the JWT.
   */
  subject?: string;
  /**
   * Private key in PEM that signs the JWT.
   */
  privateKey?: string;
  /**
   * `kid` of the JWT’s header.
   */
  keyId?: string;
  /**
   * How the JWT is signed.
   */
  algorithm?: 'RS256' | 'ES256';
  /**
   * How long a JWT or a session is valid, where the answer does not say.
   */
  lifetime?: string;
  login?: Login;
  sessionToken?: ReplyValue;
  /**
   * Text in front of the token in its header: `Bearer ` in `Authorization`, nothing in another one.
   */
  prefix?: string;
}
/**
 * The request that opens a session.
 */
export interface Login {
  /**
   * Path below `baseUrl`.
   */
  path: string;
  /**
   * JSON that is posted; each value is a reference.
   */
  body: {
    /**
     * Value.
     */
    [k: string]: string;
  };
}
/**
 * Where a value stands in a reply: a header or a path of the body.
 */
export interface ReplyValue {
  /**
   * Header that holds it.
   */
  header?: string;
  /**
   * Path of the JSON body that holds it.
   */
  body?: string;
}
/**
 * Headers sent with every request.
 */
export interface Headers {
  /**
   * Value of the header.
   */
  [k: string]: string;
}
/**
 * All limits of one credential.
 */
export interface Budget {
  /**
   * What the limits are counted by. Sources that share a credential share a domain. `{account}` stands for the account: with it, or without `domain`, each account has limits of its own; a domain that is the same for all is shared by them.
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
  /**
   * Part of every limit that this project may use, where others use them too.
   */
  share?: string;
  /**
   * How far ahead a permit is reserved. A longer one blocks others, a shorter one asks more often.
   */
  horizon?: string;
  /**
   * Longest wait for a permit or a freeze. What would take longer stops the stream, and says until when.
   */
  patience?: string;
  /**
   * What to do while Redis cannot be reached: `wait` sends nothing, `local_share` goes on with half of this process’s part of every rate, `stop` fails the stream at once.
   */
  on_store_down?: 'wait' | 'local_share' | 'stop';
}
/**
 * One limit of a budget: exactly one of `bucket`, `sliding`, `fixed`, `concurrency` and `spacing`.
 */
export interface Limit {
  /**
   * Name of the limit, in messages and reports.
   */
  id: string;
  bucket?: Bucket;
  sliding?: Sliding;
  fixed?: Fixed;
  concurrency?: Concurrency;
  /**
   * Requests at this rate, one by one and never two at once: a bucket whose burst is 1.
   */
  spacing?: string;
  when?: LimitWhen;
  /**
   * What the limit is counted by, apart from the domain: each combination has a count of its own. `{stream}`, `{account}`, `{method}`, `{path}`, `{query.NAME}` and `{header.NAME}` stand for those of the request.
   */
  key?: string[];
  cost?: Cost;
  /**
   * Part of the limit that this project may use, where others use it too.
   */
  share?: string;
  /**
   * `burst` uses a window as fast as it allows; `even` spreads what is left of it over the time that is left. A sliding window of less than about 10 s is used evenly unless this says otherwise, all others in bursts.
   */
  pace?: 'burst' | 'even';
  observe?: Observe;
  adapt?: Adapt;
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
 * At most so many requests in any window of this length.
 */
export interface Sliding {
  /**
   * Requests in any window.
   */
  limit: number;
  /**
   * Length of the window.
   */
  per: string;
  /**
   * Parts that a long window is counted in, as some providers count. Up to 1,000 requests are logged one by one unless this is set; above that the default is 24.
   */
  buckets?: number;
}
/**
 * At most so many requests in each window of the calendar, as for a daily quota.
 */
export interface Fixed {
  /**
   * Requests in each window.
   */
  limit: number;
  /**
   * Length of the window: second, minute, hour, day, week or month of the calendar, or a duration counted from midnight UTC on 1 January 1970.
   */
  per: string;
  /**
   * Time zone of the calendar.
   */
  zone?: string;
  /**
   * Time of day at which a day, week or month begins.
   */
  reset?: string;
}
/**
 * At most so many requests at the same time.
 */
export interface Concurrency {
  /**
   * Requests under way at once.
   */
  limit: number;
  /**
   * How long a request counts when its process dies; a living one renews it.
   */
  lease?: string;
}
/**
 * Which requests the limit binds; without it, all. Everything that is said must hold.
 */
export interface LimitWhen {
  /**
   * Pattern of the request path below `baseUrl`; `*` stands for any run of characters.
   */
  path?: string;
  /**
   * Methods that it binds.
   */
  method?: ('GET' | 'POST')[];
  /**
   * Streams that it binds.
   */
  stream?: string[];
}
/**
 * What a request costs in this limit; without it, 1.
 */
export interface Cost {
  /**
   * Cost of every request.
   */
  estimate?: number;
  /**
   * Cost by method; `default` for the others.
   */
  byMethod?: {
    /**
     * Cost.
     */
    [k: string]: number;
  };
  /**
   * JSONata over the request (`method`, `path`, `query`, `headers`, `stream`) that gives the cost.
   */
  expr?: string;
  actual?: ReplyValue;
}
/**
 * What replies say of this limit. It only tightens the limit, unless `adapt` allows more.
 */
export interface Observe {
  /**
   * Header that `match` reads.
   */
  header?: string;
  /**
   * Regular expression over that header with named groups: used, limit, remaining, rate (per second), reset.
   */
  match?: string;
  /**
   * Name of the policy in `RateLimit` and `RateLimit-Policy` (IETF) that is this limit; without `observe`, the limit’s own id.
   */
  policy?: string;
  used?: ReplyValue;
  limit?: ReplyValue;
  remaining?: ReplyValue;
  rate?: ReplyValue;
  reset?: ReplyTime;
  /**
   * How `match` finds its reset group written.
   */
  as?: 'seconds' | 'millis' | 'epoch' | 'epoch_ms' | 'http_date' | 'iso';
  poll?: Poll;
}
/**
 * Where a time stands in a reply, and how it is written. The unit is never guessed.
 */
export interface ReplyTime {
  /**
   * Header that holds it.
   */
  header?: string;
  /**
   * Path of the JSON body that holds it.
   */
  body?: string;
  /**
   * How the time is written: `seconds` and `millis` from now; `epoch` (seconds) and `epoch_ms`, `http_date` and `iso` are instants.
   */
  as: 'seconds' | 'millis' | 'epoch' | 'epoch_ms' | 'http_date' | 'iso';
}
/**
 * An endpoint that says what is left, asked now and then; the values above are read from its reply.
 */
export interface Poll {
  /**
   * Path below `baseUrl`, or a path of its origin that begins with `//`.
   */
  path: string;
  /**
   * How often it is asked.
   */
  every?: string;
}
/**
 * Lets replies raise the limit above what is declared.
 */
export interface Adapt {
  /**
   * Most that it may become, in percent of what is declared.
   */
  max: string;
}
/**
 * Longest waits by phase; `timeout` holds for the headers and the body where they are not named.
 */
export interface Timeouts {
  /**
   * To connect, with TLS.
   */
  connect?: string;
  /**
   * From sending the request to the first byte of the reply.
   */
  headers?: string;
  /**
   * Between two pieces of the body.
   */
  body?: string;
  /**
   * For the whole exchange.
   */
  total?: string;
}
/**
 * What a kind of reply means. The first rule that matches decides.
 */
export interface ResponseRule {
  when: ResponseWhen;
  /**
   * `throttle` freezes the limit and asks again; `quota` freezes it until its reset; `ban` freezes the whole budget until a person thaws it; `auth` renews the credentials once; `forbidden` stops the stream; `lock` and `overload` ask again later; `client` is a wrong request; `ok` is a good reply.
   */
  class: 'ok' | 'throttle' | 'quota' | 'ban' | 'auth' | 'forbidden' | 'lock' | 'overload' | 'client';
  /**
   * Id of the limit that is meant; without it, the whole budget.
   */
  limit?: string;
  until?: ReplyTime;
  /**
   * How long to wait where the reply does not say.
   */
  for?: string;
}
/**
 * The replies that it holds for. Everything that is said must match.
 */
export interface ResponseWhen {
  /**
   * Status, or one of several.
   */
  status?: number | number[];
  /**
   * Headers and what each must say.
   */
  header?: {
    /**
     * The exact text.
     */
    [k: string]: string;
  };
  /**
   * Paths of the JSON body and what must stand there; `[*]` is any element.
   */
  body?: {
    /**
     * The value.
     */
    [k: string]: string | number | boolean;
  };
  /**
   * Regular expression that the body’s text matches, in any case of letters. What a group `(?<field>…)` of it catches is the name of a field that was asked for and is not there.
   */
  bodyMatches?: string;
}
/**
 * How the lab plays this source.
 */
export interface SourceLab {
  /**
   * Whose rate-limit headers and refusals the lab speaks.
   */
  dialect?:
    | 'plain'
    | 'shopify'
    | 'shopify_graphql'
    | 'amazon'
    | 'ebay'
    | 'etsy'
    | 'hubspot'
    | 'salesforce'
    | 'stripe'
    | 'walmart'
    | 'mercadolibre'
    | 'zendesk'
    | 'github'
    | 'google'
    | 'ietf'
    | 'ietf_old';
  /**
   * What goes wrong, and when. Of the faults that strike one request, the first does.
   */
  faults?: LabFault[];
  /**
   * How long every answer takes, once the request is counted.
   */
  latency?: string;
  /**
   * Up to so much longer takes a request on its way, before it is counted: requests arrive closer together than they were sent.
   */
  jitter?: string;
  /**
   * How far the provider’s clock is off: in the `Date` header and in every instant that an answer names.
   */
  clockSkew?: string;
  /**
   * Share of every limit that somebody else uses, steadily and without a word.
   */
  others?: string;
  /**
   * How long an access token or a session is good.
   */
  tokenLifetime?: string;
  /**
   * How long a refresh token is still taken after its first use; by default, not at all.
   */
  refreshGrace?: string;
  /**
   * What the lab’s chances depend on: the same seed draws the same.
   */
  seed?: number;
}
/**
 * Something that goes wrong at the lab, and when.
 */
export interface LabFault {
  /**
   * What happens. `throttle` refuses as if a limit were exceeded, in the words of the dialect; `unavailable` answers 503, `ban` 403, `lock` 423, `revoke` 401 and forgets the access token: these are answered in place of the real answer, and no limit counts them. `slow` answers late or piece by piece, `reset` breaks the connection without a word, `truncate` sends half of what `Content-Length` says, `malform` sends half of a JSON text as if it were all: these are counted.
   */
  kind: 'throttle' | 'unavailable' | 'ban' | 'lock' | 'revoke' | 'slow' | 'reset' | 'truncate' | 'malform';
  /**
   * Which requests it strikes: those of `streams`, or those for a `token` (a token endpoint or a login).
   */
  target?: 'streams' | 'token';
  /**
   * Accounts that it strikes; without it, all.
   */
  account?: string[];
  /**
   * Streams that it strikes; without it, all.
   */
  stream?: string[];
  /**
   * Requests that pass before the first is struck.
   */
  after?: number;
  /**
   * Strikes every so many requests.
   */
  every?: number;
  /**
   * Chance with which it strikes, drawn from the lab’s seed.
   */
  share?: string;
  /**
   * Strikes so often, and then no more; without it, always.
   */
  count?: number;
  /**
   * Strikes for so long from its first strike; without it, always.
   */
  for?: string;
  /**
   * Status in place of the usual one, for the kinds that answer.
   */
  status?: number;
  /**
   * Wait that the answer asks for: of `throttle` in the words of the dialect, else as `Retry-After` in whole seconds. `throttle` without it asks for one second.
   */
  retryAfter?: string;
  /**
   * How long `slow` waits before it answers.
   */
  delay?: string;
  /**
   * How fast `slow` sends the body; without it, as fast as it goes.
   */
  bytesPerSecond?: number;
}
/**
 * The collections of records to read, by name.
 */
export interface Streams {
  [k: string]: Stream;
}
/**
 * One collection of records.
 */
export interface Stream {
  /**
   * What the records are, for readers.
   */
  description?: string;
  /**
   * Words to choose it by: `--select tag:NAME`.
   */
  tags?: string[];
  /**
   * When `etl serve` reads it: `every 15m` (counted from midnight UTC), or a cron expression of five fields with its time zone, which is never guessed. Write one that begins with `*` in quotes.
   */
  schedule?: string;
  freshness?: Freshness;
  /**
   * Names that it had before. Its position, pages and locks go on under the new name; nothing is read again. It may stay here afterwards.
   */
  renamedFrom?: string[];
  request: StreamRequest;
  /**
   * Values of `{partition.NAME}`: the stream is read once for each of them, and for each combination where there are several names.
   */
  partitions?: {
    /**
     * The values.
     *
     * Items: A value.
     */
    [k: string]: (string | number | boolean)[];
  };
  parent?: Parent;
  job?: Job;
  /**
   * Path of the array of records in the response; without it the response itself is the array. Of several lists in one response, names and paths: each record then says under `_list` which one it is of.
   */
  records?:
    | string
    | {
        /**
         * Path of an array in the response.
         */
        [k: string]: string;
      };
  /**
   * How the body of a response is written. `ndjson` is one JSON object a line; the values of `csv` and `tsv` are texts, and a field with nothing in it is null. A body that is a gzip or zip file is unpacked, whatever the format. `parquet` is for files.
   */
  format?: 'json' | 'ndjson' | 'csv' | 'tsv' | 'parquet';
  csv?: CsvSettings;
  zip?: ZipSettings;
  /**
   * Most rows of a page, of files and tables.
   */
  pageRows?: number;
  rowCount?: RowCountSettings;
  /**
   * Paths that together identify a record.
   */
  primaryKey: string[];
  /**
   * Path of the person that a record is about; `etl forget` erases by it. With `pii: hmac` it is compared as a token. Pages of such a stream are cached in the process alone.
   */
  subject?: string;
  paginate?: Paginate;
  cursor?: Cursor;
  /**
   * Why there is no cursor, so that each run reads the stream whole; `etl connector check` asks for one of the two.
   */
  cursorless?: string;
  /**
   * How it is learned that a record is gone. Its rows leave the tables made of the stream as `load.deletes` says; without this they stay.
   */
  deletes?: Deletes[];
  backfill?: BackfillSettings;
  /**
   * Most pages one run may fetch of this stream; more is taken for an endless listing and stops it.
   */
  pagesMax?: number;
  /**
   * Share of the budget while several streams wait for it: a stream of weight 3 gets three times as much as one of weight 1.
   */
  weight?: number;
  /**
   * Which streams go first while several wait: `high` ahead of `normal` ahead of `low`, which also leaves half of every burst to the others. Nobody waits for ever.
   */
  priority?: 'high' | 'normal' | 'low';
  cache?: Caching;
  /**
   * Replies that records refer to, by name. Each record gets them under `_lookup.NAME` before it is mapped.
   */
  lookups?: {
    [k: string]: Lookup;
  };
  describe?: Describe;
  lab?: StreamLab;
}
/**
 * The request that lists the records.
 */
export interface StreamRequest {
  /**
   * Of a database: a SELECT in place of the table, without ORDER BY and LIMIT; `path` is then only its name.
   */
  sql?: string;
  /**
   * Method of the request.
   */
  method?: 'GET' | 'POST';
  /**
   * Path below `baseUrl`. Here, in `query`, `headers` and `body`, placeholders stand for what differs from request to request: `{cursor.from}`, `{cursor.to}`, `{page.…}`, `{partition.NAME}`, `{parent.PATH}`, `{job.NAME}`, `{account}`, `{fields}`. A parameter or key that consists of a placeholder without a value is left out.
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
  /**
   * JSON sent with every request, such as a GraphQL query or the filters of a search. A text that is one placeholder becomes its value: a number stays a number.
   */
  body?: {
    /**
     * A value: JSON.
     */
    [k: string]: {
      [k: string]: unknown;
    };
  };
}
/**
 * Another stream of the source: this one is read for each of its records that came since it was last read, such as the lines of each order.
 */
export interface Parent {
  /**
   * Name of the stream.
   */
  stream: string;
  where?: Where;
  /**
   * How many records one request asks for: in a text `{parent.id}` is then a list with commas, and in a list of the body the element that holds it is there once for each.
   */
  batch?: number;
  /**
   * How many requests are sent at the same time, as far as the budget allows.
   */
  parallel?: number;
  /**
   * Which records a run reads the stream for: those that came since it was last read, new or changed, or all that are kept, each once. With `all` children are seen that change without their parent, for at least one request for each parent and run.
   */
  which?: 'changed' | 'all';
  /**
   * Statuses by which the API says that a record of the parent is there no more: it has no children then, and is not asked for again until it is listed again.
   *
   * Items: An HTTP status.
   */
  gone?: number[];
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
 * A job that makes the records before `request` can download them: a report, an export, a bulk query.
 */
export interface Job {
  create: JobStep;
  poll: JobPoll;
  locate?: JobStep;
}
/**
 * A request of a job.
 */
export interface JobStep {
  /**
   * Method of the request.
   */
  method?: 'GET' | 'POST';
  /**
   * Path below `baseUrl`; placeholders as in `request`, and `{job.NAME}`.
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
  /**
   * JSON sent with every request, such as a GraphQL query or the filters of a search. A text that is one placeholder becomes its value: a number stays a number.
   */
  body?: {
    /**
     * A value: JSON.
     */
    [k: string]: {
      [k: string]: unknown;
    };
  };
  /**
   * What of the reply later requests are told, as `{job.NAME}`: names and paths. In `locate` a path such as `files[*].url` gives a value for each file that the job has made.
   */
  take?: {
    /**
     * Path in the reply.
     */
    [k: string]: string;
  };
}
/**
 * The request that asks whether a job is done.
 */
export interface JobPoll {
  /**
   * Method of the request.
   */
  method?: 'GET' | 'POST';
  /**
   * Path below `baseUrl`; placeholders as in `request`, and `{job.NAME}`.
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
  /**
   * JSON sent with every request, such as a GraphQL query or the filters of a search. A text that is one placeholder becomes its value: a number stays a number.
   */
  body?: {
    /**
     * A value: JSON.
     */
    [k: string]: {
      [k: string]: unknown;
    };
  };
  /**
   * What of the reply later requests are told, as `{job.NAME}`: names and paths. In `locate` a path such as `files[*].url` gives a value for each file that the job has made.
   */
  take?: {
    /**
     * Path in the reply.
     */
    [k: string]: string;
  };
  /**
   * Path of the status in the reply.
   */
  status: string;
  /**
   * Statuses of a job that is done.
   *
   * Items: A status.
   */
  done: string[];
  /**
   * Statuses of a job that has failed: the stream fails, and the next run creates another one.
   *
   * Items: A status.
   */
  failed?: string[];
  /**
   * Statuses of a job that had nothing to give: no records, and no failure.
   *
   * Items: A status.
   */
  empty?: string[];
  /**
   * How often it is asked.
   */
  every?: string;
  /**
   * How long a run waits for it; the next run goes on waiting.
   */
  within?: string;
}
/**
 * How its CSV or TSV is written.
 */
export interface CsvSettings {
  /**
   * Character between two fields; a comma for `csv`, a tab for `tsv`.
   */
  delimiter?: string;
  /**
   * Character around fields that hold delimiters or line ends; it is doubled inside them. Empty where nothing is quoted, which is the default for `tsv`.
   */
  quote?: string;
  /**
   * `true`: the first row names the columns. A list names them where there is no such row.
   */
  header?: boolean | string[];
  /**
   * How characters are encoded.
   */
  encoding?: 'utf-8' | 'iso-8859-1' | 'windows-1252' | 'utf-16le';
  /**
   * What stands for no value, outside of quotes. An empty field in quotes is always an empty text; one without quotes is, too, where this says something else.
   */
  nullValue?: string;
  /**
   * Begins lines that are left out.
   */
  comment?: string;
}
/**
 * Which file of a zip archive is meant, where there are several.
 */
export interface ZipSettings {
  /**
   * Name of the file in the archive; `*` stands for any characters but `/`, `**` for any at all.
   */
  entry: string;
}
/**
 * Where the API says how many records a response holds. A body of NDJSON or CSV that was cut at a line end looks whole; with this it does not.
 */
export interface RowCountSettings {
  /**
   * Header of the response.
   */
  header: string;
}
/**
 * How the next page is found.
 */
export interface Paginate {
  /**
   * Kind of paging.
   */
  type: 'none' | 'link_header' | 'next_url' | 'cursor_token' | 'keyset' | 'page' | 'offset';
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
   * `cursor_token`: several tokens that are all sent back: query parameters, and where their values stand in the response. The last page has none of them.
   */
  tokens?: {
    /**
     * Path in the response.
     */
    [k: string]: string;
  };
  /**
   * `cursor_token`: header of the response that carries the token, instead of a path; absent, empty or `null` means the last page.
   */
  header?: string;
  /**
   * `cursor_token`: names of the query parameters that are sent along with the token; without it, all of them.
   *
   * Items: Name of a parameter.
   */
  keep?: string[];
  /**
   * `keyset`: path of a unique value in the record by which the listing is ordered, ascending. The next page is asked for with that of the last record, as `param` or `{page.key}`, and comes after it.
   */
  key?: string;
  /**
   * Query parameter that carries the token, the key, the page number or the offset. Without it the request says itself where that goes: `{page.token}`, `{page.key}`, `{page.number}`, `{page.offset}`.
   */
  param?: string;
  /**
   * `page`: number of the first page, 1 unless it is named. `keyset`: key that comes before the first one, where the API must be given one.
   */
  start?: number | string;
  /**
   * Records asked for per page: `{page.size}`.
   */
  size?: number;
  /**
   * Most records that the API gives per page, where it says so; a `size` above it is refused, since an API would give fewer without a word.
   */
  sizeMax?: number;
  /**
   * Query parameter that carries the page size; `limit` unless it is named or the request says `{page.size}` itself.
   */
  sizeParam?: string;
  /**
   * `page`, `offset`: path of the total number of records in the response; saves the request for the empty page that otherwise ends the listing.
   */
  total?: string;
  /**
   * `page`, `offset`: paths by which the listing is ordered, as the request asks for. Where they do not hold the whole `primaryKey` there is a warning: pages that are counted over an order that is not unique lose records.
   *
   * Items: Path in the record.
   */
  orderedBy?: string[];
  /**
   * Path of a value in the response that says whether there are more pages: false, null, 0 or absent means that this is the last one. Where it says that there are, and nothing leads to the next one, the listing fails.
   */
  more?: string;
  stop?: StopRules;
  /**
   * Most records that the API gives of one listing, such as the 10,000 of a search. One that reaches it fails instead of ending early: `keyset`, `cursor.step` or `partitions` make it shorter.
   */
  recordsMax?: number;
}
/**
 * When a listing ends, besides with an empty page or without a next one.
 */
export interface StopRules {
  /**
   * With a page that has fewer records than asked for. It saves the last request, and loses records where an API gives fewer than it was asked for.
   */
  short?: boolean;
  /**
   * With one of these statuses, which the API answers for a page past the end. The first page may not have it.
   *
   * Items: A status.
   */
  status?: number[];
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
   * How a timestamp is written in the request; `date` is the day alone, in UTC.
   */
  format?: 'iso' | 'date' | 'epoch' | 'epoch_ms';
  /**
   * Where the first run begins; without it, at the first record.
   */
  start?: string | number;
  /**
   * How far before its cursor each run starts again, for records committed late or sharing a timestamp. What is read again is recognised by its key.
   */
  lookback?: string;
  from?: CursorFrom;
  to?: CursorTo;
  /**
   * Length of the slices of time that a window is read in, where an API takes no longer one or gives only so many records. It needs a timestamp, `start`, and the end of a window in the request.
   */
  step?: string;
}
/**
 * Where the request carries the cursor. Without it the request says `{cursor.from}` itself.
 */
export interface CursorFrom {
  /**
   * Query parameter for the earliest value wanted, inclusive.
   */
  query: string;
}
/**
 * Where a request carries the end of a window, if the API can be asked for less than everything since; or the request says `{cursor.to}` itself. A backfill is then read in slices.
 */
export interface CursorTo {
  /**
   * Query parameter for the latest value wanted.
   */
  query: string;
}
/**
 * One way to learn that records are gone.
 */
export interface Deletes {
  /**
   * What says so: a `flag` in the record itself, another `stream` of the source that lists what was deleted, or a `sweep`: from time to time the whole listing is read, and what is not in it is gone.
   */
  by: 'flag' | 'stream' | 'sweep';
  where?: Where;
  /**
   * `stream`: name of the stream of the same source whose records are deletions. Where records have a cursor, deletions need one of the same type, or `at`: a record that came back later stays.
   */
  stream?: string;
  /**
   * `stream`: paths of the values in a deletion that are the `primaryKey` of what was deleted, in the same order.
   */
  key?: string[];
  /**
   * `stream`: path in a deletion of when it was, in terms of the cursor of what was deleted. Without it, the cursor of the deletion: with it, its stream needs none, such as a listing that cannot be asked for what is new.
   */
  at?: string;
  /**
   * `stream`: what `at` is cut to, such as `1s` where records say milliseconds and deletions whole seconds. A record that has changed in the same unit was there before it was deleted; one that came back in it stays gone until it changes again. Without it a deletion is at the very moment that `at` says.
   */
  precision?: string;
  /**
   * `sweep`: how long after one sweep has begun the next one may.
   */
  every?: string;
  /**
   * `sweep`: share of the declared limits that it may use. Each run reads as many of its pages as that allows for the time since it last read some, one at least; the next run goes on from there.
   */
  share?: string;
  /**
   * `sweep`: most records that it may find gone, as a share of those known. With more it deletes nothing and fails, since a listing that was short looks the same.
   */
  threshold?: string;
}
/**
 * How `etl run --backfill` reads a range of this stream once more.
 */
export interface BackfillSettings {
  /**
   * Share of every limit that a backfill may use; `--share` says otherwise for one. Incremental runs go first in any case.
   */
  share?: string;
  /**
   * Length of the slices that a range is read in, where the cursor has a `to`. A backfill that is stopped goes on in its slice.
   */
  slice?: string;
}
/**
 * How long replies may be used again, by every process that shares the Redis of the environment.
 */
export interface Caching {
  /**
   * How long a reply is used without asking.
   */
  ttl: string;
  /**
   * Whether an older reply is asked for again with its `ETag` or `Last-Modified`, so that one that has not changed is not sent again.
   */
  revalidate?: boolean;
  /**
   * Most that the replies of this stream take up in the cache; the oldest are dropped.
   */
  maxBytes?: string;
}
/**
 * A reply that records refer to, such as the category of a product. It is asked for once for each value.
 */
export interface Lookup {
  /**
   * Request path below `baseUrl`; `{…}` stands for a path of the record.
   */
  path: string;
  /**
   * Query parameters; `{…}` stands for a path of the record.
   */
  query?: {
    /**
     * Value.
     */
    [k: string]: string;
  };
  /**
   * Path of the reply that is kept; without it, all.
   */
  take?: string;
  /**
   * What a 404 means: `null` leaves the lookup empty, `fail` stops the stream.
   */
  missing?: 'null' | 'fail';
  cache?: Caching;
}
/**
 * How a provider describes the properties of a stream's records. What stands for a property of a description is a path in it.
 */
export interface Describe {
  request: StreamRequest;
  /**
   * Path of the list of descriptions in the response; without it the response itself is the list.
   */
  records?: string;
  paginate?: Paginate;
  /**
   * What stays when the property is renamed; without it, the name. As the name, it may be a text with several paths in braces.
   */
  id?: string;
  /**
   * The name of the property: a path in the description, or a text with several in braces.
   */
  name: string;
  /**
   * What people call it.
   */
  label?: string;
  /**
   * The provider's name of its type.
   */
  type?: string;
  /**
   * Our type for each of the provider's. `{PATH}` stands for a value of the description. A name that ends in `*` is for all that begin so and are not listed. A type that is not listed is string, and `etl discover` says so.
   */
  types?: {
    [k: string]: DescribeType;
  };
  /**
   * Where a record has the property, with values of the description in braces. Without it: below `under`, by its name.
   */
  path?: string;
  /**
   * Path in a record below which the properties stand by name; without it, at the top.
   */
  under?: string;
  custom?: Where;
  multiple?: Where;
  /**
   * What stands between several values.
   */
  separator?: string;
  /**
   * Path of the list of values that the property may have, or of a JSON text of it.
   */
  options?: string;
  /**
   * Path of an option's value in the option.
   */
  optionValue?: string;
  /**
   * Path of an option's label in the option.
   */
  optionLabel?: string;
  /**
   * Path that is true where the property is archived.
   */
  archived?: string;
  /**
   * Path that is false where every record has a value.
   */
  nullable?: string;
  /**
   * Path of the unit of a number.
   */
  unit?: string;
  currency?: DescribeCurrency;
  lab?: DescribeLab;
}
/**
 * Type of a column, and how its value is read.
 */
export interface DescribeTypeWith {
  /**
   * Type of the column.
   */
  type: string;
  /**
   * Path of the value below that of the property.
   */
  at?: string;
  /**
   * IANA zone of times that come without one. It is never guessed.
   */
  zone?: string;
}
/**
 * Which properties are amounts of money, and where a record says their currency: each has a column beside it.
 */
export interface DescribeCurrency {
  where: Where;
  /**
   * Path of the currency in a record. Values of the description may stand in it, in braces.
   */
  from: string;
}
/**
 * What the lab answers. Without it: lab/SOURCE/describe/STREAM.json or .ndjson.
 */
export interface DescribeLab {
  /**
   * File with the descriptions: a reply as JSON, or one a line as NDJSON.
   */
  data?: string;
}
/**
 * What the lab serves for this stream. Without it: lab/SOURCE/STREAM.ndjson or .csv.
 */
export interface StreamLab {
  /**
   * NDJSON or CSV file, relative to the project folder; .gz is read too.
   */
  data?: string;
  /**
   * Bodies are gzip files, as downloads of reports are.
   */
  packed?: 'gzip';
  /**
   * Whether a record is there only from the time that its cursor says, a timestamp, so that records come while the lab serves.
   */
  live?: boolean;
  /**
   * Which records a value of the request chooses: placeholders, and the path whose value must equal theirs. A partition that is not named gets every so-many-th record.
   */
  where?: {
    /**
     * Path in the record.
     */
    [k: string]: string;
  };
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
   * Names that it had before. Its rows, its account and its table (where that is named after it) go on under the new name; nothing is read or mapped again. It may stay here afterwards.
   */
  renamedFrom?: string[];
  /**
   * What one row is, for readers.
   */
  description?: string;
  /**
   * Words to choose it by: `--select tag:NAME`.
   */
  tags?: string[];
  /**
   * The stream, as `SOURCE.STREAM`.
   */
  from: string;
  /**
   * Path of an array in the record: one row per element instead of one per record. `$parent.x` is then a path of the record, `$index` the element’s position.
   */
  each?: string;
  /**
   * With `each`: the value is a text, and this stands between the elements. Each is then an object with one key, `value`. A list is taken as it is.
   */
  eachSplit?: string;
  where?: Where;
  to?: Target;
  load: Load;
  /**
   * Files of `kind: properties` whose properties belong to the mapping as well, as `etl discover` writes them. What the mapping writes itself wins, by column and by path.
   */
  use?: string[];
  unmapped?: Unmapped;
  onInvalid?: OnInvalid;
  contract?: Contract;
  /**
   * The columns, by name. A name with `*` and a `from` with `*` stand for every property of the catalog with such a path.
   */
  properties: {
    [k: string]: Property;
  };
  /**
   * Checks of the staged rows before they are loaded.
   */
  checks?: Check[];
  blockers?: BlockerPolicy;
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
   * `merge` inserts new rows and updates changed ones by key. `replace` does so, too, and in the same transaction takes away what the whole listing of a stream no longer has. `append` keeps every version of a row that was read. `scd2` keeps the history of each row: from when to when it had which values.
   */
  strategy?: 'merge' | 'replace' | 'append' | 'scd2';
  /**
   * Columns that identify a row. `_account` is always part of the key.
   */
  key: string[];
  /**
   * With `each`: whether rows go that the newest version of their record no longer has (`replace`), or stay (`keep`). Nothing goes while one of its rows is blocked, or when the record lacks the list altogether.
   */
  children?: 'keep' | 'replace';
  /**
   * What becomes of rows that the source no longer has, as `deletes` of the stream and `children` learn of it: `hard` removes them, `soft` keeps them and sets `_deleted_at`.
   */
  deletes?: 'hard' | 'soft';
  /**
   * `replace`: most records that a listing may lack, as a share of those known. With more nothing is loaded, since a listing that was short looks the same.
   */
  threshold?: string;
  /**
   * How often the table is loaded; a run in between stages and leaves loading to a later one. Intervals are counted from midnight UTC, so that mappings of one cadence are loaded together and the warehouse wakes up once. Without it every run loads.
   */
  every?: string;
  /**
   * Warehouse time that the mapping may use in a day (UTC). When it is used up no further load begins before midnight; what is staged waits, and the report says so.
   */
  budget?: string;
  /**
   * Column whose value never changes in a row, such as the time when it was created. A merge then looks for its rows only between the least and the greatest value of a batch, which saves time in a large Snowflake table; others do not need it. If the value does change, its row is inserted a second time.
   */
  prune?: string;
  /**
   * Most rows in one load; more are loaded in several. `replace` loads a listing whole.
   */
  rowsMax?: number;
}
/**
 * A column for all that no property reads.
 */
export interface UnmappedKeep {
  /**
   * Name of the column, of type json.
   */
  keep: string;
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
   * Names that the column had before: it is renamed in staging and in the warehouse, with what it holds. They may stay here afterwards.
   */
  renamedFrom?: string[];
  /**
   * In place of `from`: a property of the catalog of the source, by its id, name or label. It stays the same one when the provider renames it.
   */
  property?: string;
  /**
   * Paths at which the value stood before, newest first: looked at where a record has nothing at `from`, such as one on a kept page.
   */
  previously?: string[];
  /**
   * Day since which the provider has the property no more: `{fields}` does not ask for it, and its column stays. The catalog of the source says it where it knows the path.
   */
  removed?: string;
  /**
   * Path of the value: `customer.email`, `lines[0].sku`, `properties['deal.stage']`, `tags[key='color'].value`, `$parent.id`, `$index`.
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
   * Personal data: `hmac` stores a keyed token instead of the value, `truncate` its first characters, `drop` nothing at all. The value itself never touches disk.
   */
  pii?: 'hmac' | 'truncate' | 'drop';
  /**
   * How many characters `pii: truncate` leaves of the value, from its beginning: the area of a postal code, the year of a birthday.
   */
  piiKeep?: number;
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
  mapEach?: MapEach;
  /**
   * Makes a list of a text with several values, for a column of type json: this stands between them. Spaces around a value and empty values go. It is the last change.
   */
  split?: string;
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
 * Replaces each of several values in one text; what is not listed stays.
 */
export interface MapEach {
  /**
   * What stands between the values.
   */
  separator?: string;
  /**
   * New values by old ones.
   */
  values: {
    /**
     * The new value.
     */
    [k: string]: string;
  };
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
 * When rows that are blocked stop the mapping’s load. Without it the load goes on, however many there are. What is staged stays, and is loaded once there are few enough.
 */
export interface BlockerPolicy {
  /**
   * Most open Blockers of the mapping’s records with which it is loaded.
   */
  stopAbove?: number;
  /**
   * Greatest share of blocked rows among those that are about to be loaded.
   */
  stopAboveShare?: string;
}
/**
 * Properties that mappings `use`. `etl discover` writes such files below generated/, and owns them.
 */
export interface Properties {
  /**
   * Says that this file declares properties for mappings.
   */
  kind: 'properties';
  /**
   * What the file is called in reports; without it, its path.
   */
  name?: string;
  /**
   * The stream whose records have the properties; mappings that use the file read it.
   */
  stream?: string;
  /**
   * Columns by name, as in a mapping.
   */
  properties: {
    [k: string]: Property;
  };
}
/**
 * What the records of a source have, as its provider describes it or its records show. `etl discover` writes it; it is kept in git, so that a change is a line of a pull request.
 */
export interface Catalog {
  /**
   * Says that this file is the catalog of a source.
   */
  kind: 'catalog';
  /**
   * Name of the source.
   */
  source: string;
  /**
   * Day (UTC) when it was found to have changed last.
   */
  date: string;
  /**
   * What is known of each stream, by name.
   */
  streams: {
    [k: string]: CatalogStream;
  };
}
/**
 * What is known of the records of a stream.
 */
export interface CatalogStream {
  /**
   * Who says so: the provider that `describe` asks, or sampled records.
   */
  by: 'describe' | 'records';
  /**
   * The properties, sorted by column.
   */
  properties: CatalogProperty[];
}
/**
 * One property of the records of a stream.
 */
export interface CatalogProperty {
  /**
   * What stays when it is renamed.
   */
  id: string;
  /**
   * The provider's name of it.
   */
  name: string;
  /**
   * What people call it.
   */
  label?: string;
  /**
   * Where a record has it.
   */
  path: string;
  /**
   * Where records had it before it was renamed, newest first.
   */
  previously?: string[];
  /**
   * Its column in generated files. It stays, whatever the provider calls the property later.
   */
  column: string;
  /**
   * Type of the column: string, integer, decimal(p,s), double, boolean, date, time, timestamp (an instant), datetime (no zone), json or binary.
   */
  type: string;
  /**
   * IANA zone of times that come without one. It is never guessed.
   */
  zone?: string;
  /**
   * The provider's name of the type.
   */
  providerType?: string;
  /**
   * What stands between several values in one text; absent where there is one value.
   */
  separator?: string;
  /**
   * The values that it may have.
   */
  options?: CatalogOption[];
  /**
   * Whether generated files have a column for it.
   */
  custom?: boolean;
  /**
   * Whether records may have no value for it.
   */
  nullable?: boolean;
  /**
   * Unit of a number.
   */
  unit?: string;
  /**
   * Where a record has the currency of the amount.
   */
  currency?: string;
  /**
   * Percent of the sampled records that have a value for it. It is written anew when it has moved by ten or more, or to or from nothing or all.
   */
  seen?: number;
  /**
   * Day since when the provider has it archived.
   */
  archived?: string;
  /**
   * Day since when the provider does not have it any more.
   */
  removed?: string;
}
/**
 * A value that a property may have.
 */
export interface CatalogOption {
  /**
   * As records have it.
   */
  value: string;
  /**
   * What people call it.
   */
  label?: string;
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
  /**
   * How many records are gone, as a `flag` of the stream’s `deletes` says.
   */
  deleted?: number;
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
/**
 * Values that a person has set for single records of a mapping, until a date. `etl blockers override` writes them.
 */
export interface Overrides {
  /**
   * Says that this file holds overrides.
   */
  kind: 'overrides';
  /**
   * The mapping whose values they replace.
   */
  mapping: string;
  /**
   * The values, record by record.
   */
  overrides: Override[];
}
/**
 * Values of one record, or of one element of it. They replace what was received, after `transform` and before the value is given its type.
 */
export interface Override {
  /**
   * Whose record it is, where the source of the mapping has several accounts: records of two accounts may have the same key.
   */
  account?: string;
  /**
   * Primary key of the record, as `etl blockers show` prints it.
   */
  record: string | number;
  /**
   * Position of the element, in a mapping with `each`; without it the value is set in every element.
   */
  index?: number;
  /**
   * The new values, by property.
   */
  set: {
    /**
     * A text, number or boolean, or null for none.
     */
    [k: string]: string | number | boolean | null;
  };
  /**
   * Values as received that are replaced, by property. When the API sends another one, the override lets it through.
   */
  was?: {
    /**
     * A text, number or boolean, or null for none.
     */
    [k: string]: string | number | boolean | null;
  };
  /**
   * The last day, in UTC, on which the values are set.
   */
  expires: string;
  /**
   * Why, for whoever reads it next year.
   */
  reason: string;
  /**
   * The Blocker that it answers, for readers.
   */
  blocker?: number;
}
/**
 * What `etl parity` leaves out, each with a reason, an owner and an end.
 */
export interface Parity {
  /**
   * Says that this file holds exclusions of `etl parity`.
   */
  kind: 'parity';
  /**
   * Tables and columns that are not compared.
   */
  exclude: Exclusion[];
}
/**
 * A table, or a column of it, that is not compared until a date.
 */
export interface Exclusion {
  /**
   * The mapping whose table it is.
   */
  mapping: string;
  /**
   * The column; without it the whole table is left out. No column of the key.
   */
  column?: string;
  /**
   * Why, for whoever reads it next year.
   */
  reason: string;
  /**
   * Who ends it.
   */
  owner: string;
  /**
   * The last day, in UTC, on which it is left out; after it `etl parity` fails.
   */
  expires: string;
}
