/**
 * The Plan: plain JSON that says everything that `etl run` will do. It holds no secret: `${env:…}` and `${file:…}`
 * stay as written until a value is used. Nothing after `compile` looks at the Project again.
 */
export interface Plan {
  readonly format: 1;
  /** Version of the engine that compiled it. */
  readonly engine: string;
  /** SHA-256 of the canonical JSON of everything else; the same input gives the same id. */
  readonly id: string;
  readonly project: string;
  readonly environment: string;
  readonly staging: StagingPlan;
  readonly warehouse: WarehousePlan;
  /** Where processes share budgets and cached replies; without it a budget is each process's own. */
  readonly redis?: RedisPlan;
  readonly metrics?: MetricsPlan;
  /** Reference to the key that encrypts tokens which are kept. */
  readonly tokenKey?: string;
  /** Reference to the key that turns personal data into tokens; present when a mapping needs it. */
  readonly piiKey?: string;
  /** Every `${env:…}` and `${file:…}` that a run needs, with the place that names it first. */
  readonly references: readonly ReferencePlan[];
  readonly sources: { readonly [source: string]: SourcePlan };
  readonly mappings: { readonly [mapping: string]: MappingPlan };
  readonly steps: readonly Step[];
}

export interface ReferencePlan {
  /** As written, such as `${env:SHOPIFY_TOKEN}`. */
  readonly reference: string;
  /** `file:line:column`. */
  readonly at: string;
}

export interface StagingPlan {
  readonly dialect: 'sqlite';
  /** Relative to the project folder. */
  readonly storage: string;
}

export interface RedisPlan {
  /** A reference, since it may hold a password. */
  readonly url: string;
  readonly prefix: string;
}

export interface MetricsPlan {
  readonly prometheus?: { readonly host: string; readonly port: number };
  readonly otlp?: { readonly url: string; readonly everyMs: number };
}

export interface WarehousePlan {
  readonly type: 'duckdb';
  /** Relative to the project folder. */
  readonly path: string;
  readonly memoryBytes: number;
}

export interface SourcePlan {
  readonly name: string;
  readonly connector: 'http';
  readonly baseUrl: string;
  readonly auth: AuthPlan;
  readonly headers: { readonly [header: string]: string };
  readonly timeouts: TimeoutsPlan;
  readonly maxResponseBytes: number;
  readonly attemptsMax: number;
  /** Retries per request that was answered well. */
  readonly retryShare: number;
  /** Other origins that next links and redirects may lead to, without credentials. */
  readonly allowedOrigins: readonly string[];
  /** In order; the general ones are at the end. */
  readonly responses: readonly ResponseRulePlan[];
  readonly budget: BudgetPlan;
}

export interface TimeoutsPlan {
  readonly connectMs: number;
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly bodyMs: number;
  readonly totalMs: number;
}

export type AuthPlan =
  | { readonly type: 'none' }
  | { readonly type: 'api_key'; readonly header?: string; readonly query?: string; readonly value: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | OAuth2Plan
  | JwtBearerPlan
  | SessionPlan;

/** OAuth2 (RFC 6749), client credentials or refresh token. */
export interface OAuth2Plan {
  readonly type: 'oauth2';
  readonly grant: 'client_credentials' | 'refresh_token';
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly clientAuth: 'basic' | 'body';
  /** The first one; what each answer brings is kept. */
  readonly refreshToken?: string;
  readonly parameters: { readonly [parameter: string]: string };
}

/** A signed JWT that is exchanged for an access token (RFC 7523). */
export interface JwtBearerPlan {
  readonly type: 'jwt_bearer';
  readonly tokenUrl: string;
  readonly issuer: string;
  readonly subject?: string;
  readonly audience: string;
  readonly privateKey: string;
  readonly keyId?: string;
  readonly algorithm: 'RS256' | 'ES256';
  readonly lifetimeMs: number;
  readonly parameters: { readonly [parameter: string]: string };
}

/** A login that answers with a session token. */
export interface SessionPlan {
  readonly type: 'session';
  readonly path: string;
  readonly body: { readonly [key: string]: string };
  readonly token: ReplyValuePlan;
  readonly header: string;
  readonly prefix: string;
  readonly lifetimeMs: number;
}

/** Where a value stands in a reply. */
export type ReplyValuePlan =
  | { readonly header: string; readonly path?: never }
  | { readonly path: Path; readonly header?: never };

export type TimeFormat = 'seconds' | 'millis' | 'epoch' | 'epoch_ms' | 'http_date' | 'iso';

export interface ReplyTimePlan {
  readonly from: ReplyValuePlan;
  readonly as: TimeFormat;
}

export type ResponseClass =
  | 'ok'
  | 'redirect'
  | 'throttle'
  | 'quota'
  | 'ban'
  | 'auth'
  | 'forbidden'
  | 'lock'
  | 'overload'
  | 'client';

/** What a kind of reply means. All that is said must match. */
export interface ResponseRulePlan {
  readonly statuses?: readonly number[];
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: readonly { readonly path: Path; readonly value: Literal }[];
  /** Source of a regular expression that ignores case. */
  readonly bodyMatches?: string;
  readonly class: ResponseClass;
  /** The limit that is meant; without it, the whole budget. */
  readonly limit?: string;
  readonly until?: ReplyTimePlan;
  readonly forMs?: number;
}

/** All limits of one credential, with headroom, share and jitter already taken off. */
export interface BudgetPlan {
  readonly domain: string;
  /** How far ahead a permit is reserved. */
  readonly horizonMs: number;
  /** Longest wait for a permit. */
  readonly patienceMs: number;
  readonly onStoreDown: 'wait' | 'local_share' | 'stop';
  readonly limits: readonly LimitPlan[];
}

export interface LimitPlan {
  readonly id: string;
  /** As declared, for people: `2/s, burst 40`. */
  readonly declared: string;
  readonly shape: ShapePlan;
  /** What of the declared limit is used, between 0 and 1: headroom and share. */
  readonly used: number;
  readonly match: LimitMatchPlan;
  /** Templates such as `{stream}`: each combination of their values is counted apart. */
  readonly key: readonly string[];
  readonly cost: CostPlan;
  /** Spreads what is left of a window over the time that is left. */
  readonly even: boolean;
  /** How many times what is declared replies may raise it to; 1 when they may not. */
  readonly raiseMax: number;
  readonly observe?: ObservePlan;
}

export type ShapePlan =
  /** One unit of cost every `intervalUs` microseconds, `burst` of them at once; the provider lets `capacity` through. */
  | {
      readonly kind: 'bucket';
      readonly intervalUs: number;
      readonly burst: number;
      readonly capacity: number;
    }
  /** At most `count` in any window; counted one by one, or in `parts` when that is present. */
  | { readonly kind: 'sliding'; readonly count: number; readonly windowUs: number; readonly parts?: number }
  /** At most `count` in each window of the calendar. */
  | { readonly kind: 'fixed'; readonly count: number; readonly calendar: CalendarPlan }
  | { readonly kind: 'concurrency'; readonly count: number; readonly leaseUs: number };

export type CalendarPlan =
  | { readonly everyMs: number; readonly unit?: never }
  | {
      readonly unit: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month';
      readonly zone: string;
      /** When a day begins, in minutes after midnight. */
      readonly resetMinutes: number;
      readonly everyMs?: never;
    };

export interface LimitMatchPlan {
  /** Glob over the request path below `baseUrl`. */
  readonly path?: string;
  readonly methods?: readonly string[];
  readonly streams?: readonly string[];
}

export interface CostPlan {
  readonly estimate: number;
  readonly byMethod: { readonly [method: string]: number };
  /** JSONata over the request. */
  readonly expr?: string;
  readonly actual?: ReplyValuePlan;
}

/** What replies say of a limit. */
export interface ObservePlan {
  readonly match?: { readonly header: string; readonly pattern: string; readonly resetAs?: TimeFormat };
  /** Name of the policy in the IETF fields. */
  readonly policy?: string;
  readonly used?: ReplyValuePlan;
  readonly limit?: ReplyValuePlan;
  readonly remaining?: ReplyValuePlan;
  /** Per second. */
  readonly rate?: ReplyValuePlan;
  readonly reset?: ReplyTimePlan;
  readonly poll?: { readonly path: string; readonly everyMs: number };
}

export type Step = ExtractStep | RemapStep | CheckStep | ReloadStep | DefineStep | LoadStep;

interface StepBase {
  /** Unique in the plan, such as `extract shopify.orders`. */
  readonly id: string;
  /** Why the step is there, for people. */
  readonly reason: string;
}

/** Fetches what changed in one stream of one account, maps it and stages it. */
export interface ExtractStep extends StepBase {
  readonly kind: 'extract';
  readonly stream: StreamPlan;
  /** Mappings of this stream, in order. */
  readonly mappings: readonly string[];
}

/** Maps the kept pages of a stream again for a mapping that is new or changed. No request is made. */
export interface RemapStep extends StepBase {
  readonly kind: 'remap';
  readonly mapping: string;
  readonly stream: StreamPlan;
}

/** Checks the staged rows that are about to be loaded. */
export interface CheckStep extends StepBase {
  readonly kind: 'check';
  readonly mapping: string;
  readonly checks: readonly CheckPlan[];
}

/** Loads all that is staged again, since the target table has lost it. */
export interface ReloadStep extends StepBase {
  readonly kind: 'reload';
  readonly mapping: string;
}

/** Creates or extends the target table. */
export interface DefineStep extends StepBase {
  readonly kind: 'define';
  readonly mapping: string;
  readonly statements: readonly string[];
}

/** Loads the staged rows into the target table, in one transaction per load unit. */
export interface LoadStep extends StepBase {
  readonly kind: 'load';
  readonly mapping: string;
  readonly rowsMax: number;
  /** In the order they run. `$name` stands for a parameter bound at run time. */
  readonly statements: readonly LoadStatement[];
}

export interface LoadStatement {
  /**
   * `known` finds the unit's row in `_etl_loads`; `open` names the load file, `copy` makes a table of it; `superseded`
   * counts the rows that have a newer version in it. Where there are none the file is the `batch`, otherwise it is the
   * `newest` version of each row. `count` counts the target; `merge` moves the batch into it; `record` writes `_etl_loads`.
   */
  readonly name: 'known' | 'open' | 'copy' | 'superseded' | 'batch' | 'newest' | 'count' | 'merge' | 'record';
  readonly sql: string;
}

export interface StreamPlan {
  readonly source: string;
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly query: { readonly [parameter: string]: string };
  readonly headers: { readonly [header: string]: string };
  /** Path of the array of records; the empty path is the response itself. */
  readonly records: Path;
  readonly primaryKey: readonly Path[];
  readonly paginate: PaginatePlan;
  readonly cursor?: CursorPlan;
  readonly pagesMax: number;
  /** Its share of the budget while several streams wait. */
  readonly weight: number;
  readonly priority: 'high' | 'normal' | 'low';
  readonly cache?: CachePlan;
  readonly lookups: readonly LookupPlan[];
  /** Hashes of what the stream asks for and of how it pages: a position fits only the stream that made it. */
  readonly shape: StreamShape;
  /** What is dropped or replaced by a token in every record before anything is stored. */
  readonly privacy: readonly PrivacyPlan[];
}

export interface CachePlan {
  readonly ttlMs: number;
  /** Whether an older reply is asked for with its validators. */
  readonly revalidate: boolean;
  readonly bytesMax: number;
}

/** A reply that records refer to; each record gets it under `_lookup.<name>` before it is mapped. */
export interface LookupPlan {
  readonly name: string;
  /** Texts and the record's paths between them, in turn: text, path, text, … */
  readonly path: TemplatePlan;
  readonly query: readonly { readonly parameter: string; readonly value: TemplatePlan }[];
  readonly take?: Path;
  readonly missing: 'null' | 'fail';
  readonly cache: CachePlan;
}

/** `/items/{id}` is two texts around one path. */
export interface TemplatePlan {
  readonly texts: readonly string[];
  readonly paths: readonly Path[];
}

export type PaginatePlan =
  | { readonly type: 'none' }
  | { readonly type: 'link_header'; readonly rel: string; readonly size?: SizePlan }
  | { readonly type: 'next_url'; readonly path: Path; readonly size?: SizePlan }
  | { readonly type: 'cursor_token'; readonly token: Path; readonly param: string; readonly size?: SizePlan }
  | {
      readonly type: 'page';
      readonly param: string;
      readonly start: number;
      readonly size?: SizePlan;
      readonly total?: Path;
    }
  | { readonly type: 'offset'; readonly param: string; readonly size: SizePlan; readonly total?: Path };

export interface StreamShape {
  readonly asked: string;
  readonly paging: string;
}

export interface SizePlan {
  readonly param: string;
  readonly value: number;
}

export type CursorType = 'timestamp' | 'integer' | 'string';

export interface CursorPlan {
  readonly field: Path;
  readonly type: CursorType;
  /** How a timestamp is written in the request. */
  readonly format: 'iso' | 'epoch' | 'epoch_ms';
  /** First value wanted by the first run; without it, everything. */
  readonly start?: string;
  readonly lookbackMs: number;
  readonly query: string;
}

/** `path` may hold `*` for any key and `[*]` for any element. */
export interface PrivacyPlan {
  readonly path: Path;
  readonly action: 'drop' | 'hmac';
  /** Changes made before the token is made, so that ` A@x ` and `a@x` can get the same one. */
  readonly transforms: readonly TransformPlan[];
}

/**
 * A compiled path: keys, element positions, and `*` (any key) or `[*]` (any element).
 * `$parent` and `$index` are the `root` of a path inside `each`.
 */
export interface Path {
  readonly root: 'record' | 'element' | 'index';
  readonly segments: readonly PathSegment[];
}

export type PathSegment =
  | { readonly key: string }
  | { readonly index: number }
  | { readonly any: 'key' | 'element' };

export interface MappingPlan {
  readonly name: string;
  /** `source.stream`. */
  readonly stream: string;
  readonly each?: Path;
  readonly where: readonly ConditionPlan[];
  readonly schema: string;
  readonly table: string;
  /** Columns that identify a row, `_account` first. */
  readonly key: readonly string[];
  readonly properties: readonly PropertyPlan[];
  /** SHA-256 of everything that decides the rows; a change means that kept pages are mapped again. */
  readonly hash: string;
}

export interface PropertyPlan {
  readonly name: string;
  readonly type: LogicalType;
  readonly origin: Origin;
  readonly required: boolean;
  readonly onInvalid: 'block' | 'set_null' | 'fail';
  readonly transforms: readonly TransformPlan[];
  readonly format: 'iso' | 'epoch' | 'epoch_ms';
  readonly zone?: string;
}

export type Origin =
  | { readonly kind: 'path'; readonly path: Path; readonly text: string }
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  | { readonly kind: 'template'; readonly template: string }
  | { readonly kind: 'expr'; readonly expr: string };

export type LogicalType =
  | {
      readonly name:
        | 'string'
        | 'integer'
        | 'double'
        | 'boolean'
        | 'date'
        | 'time'
        | 'timestamp'
        | 'datetime'
        | 'json'
        | 'binary';
    }
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number };

export type TransformPlan =
  | { readonly name: 'trim' | 'upper' | 'lower' | 'collapse_spaces' | 'null_if_empty' | 'digits' }
  | { readonly name: 'replace'; readonly pattern: string; readonly with: string }
  | { readonly name: 'map'; readonly values: { readonly [from: string]: string } }
  | { readonly name: 'shift'; readonly places: number };

/** A literal of a condition keeps the text of a number, so that long ones compare exactly. */
export type Literal = string | number | boolean | null;

export interface ConditionPlan {
  readonly path: Path;
  /** The path as written, for messages. */
  readonly text: string;
  readonly op: 'eq' | 'ne' | 'in' | 'notIn' | 'gt' | 'gte' | 'lt' | 'lte' | 'exists' | 'matches';
  readonly value: Literal | readonly Literal[];
}

export type CheckPlan = { readonly id: string; readonly severity: 'error' | 'warn' } & (
  | { readonly kind: 'not_null'; readonly column: string }
  | { readonly kind: 'unique'; readonly columns: readonly string[] }
  | {
      readonly kind: 'range';
      readonly column: string;
      readonly type: LogicalType;
      readonly min?: string;
      readonly max?: string;
    }
  | { readonly kind: 'accepted_values'; readonly column: string; readonly values: readonly string[] }
  | { readonly kind: 'row_count'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'freshness'; readonly column: string; readonly maxAgeMs: number }
);
