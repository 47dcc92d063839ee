import type { Literal, Path } from './path-plan.ts';
import type { SourceKind } from './source-kind.ts';

export interface SourcePlan {
  readonly name: string;
  /** Absent where it is `default`. */
  readonly account?: string;
  readonly connector: SourceKind;
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

/** Where a request carries a token that was issued; without it as `Authorization: Bearer …`. */
export interface TokenHeaderPlan {
  readonly name: string;
  readonly prefix: string;
}

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
  readonly header?: TokenHeaderPlan;
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
  readonly header?: TokenHeaderPlan;
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
