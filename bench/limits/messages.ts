import type * as config from '../../engine/model/config.ts';

/** Limiters that are compared; `sluice` is ours. */
export const limiterKinds = ['sluice', 'none', 'retry', 'bottleneck', 'rate_limiter_flexible'] as const;
export type LimiterKind = (typeof limiterKinds)[number];

/** What is sent and counted lies between two times of the machine's monotonic clock, in microseconds. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface ProviderOptions {
  /** What it enforces, exactly as declared. */
  readonly limit: config.Limit;
  /** Between a request and its reply. */
  readonly latencyMs?: number;
  /** Requests per second of somebody of whom nobody knows. */
  readonly othersPerSecond?: number;
}

/** A request as the provider saw it. */
export interface Arrival {
  readonly worker: number;
  /** When it left the worker, and when it arrived. */
  readonly sentUs: number;
  readonly atUs: number;
  readonly refused: boolean;
}

export interface WorkerOptions {
  readonly limiter: LimiterKind;
  readonly index: number;
  readonly url: string;
  readonly redisUrl: string;
  /** Names what the processes share in Redis. */
  readonly domain: string;
  readonly wantedPerSecond: number;
  readonly budget: config.Budget;
  /** What the others of the comparison are told: they know a rate. */
  readonly perSecond: number;
  /** Up to so much time passes between a permit and the sending. */
  readonly jitterMs?: number;
  readonly stalls?: { readonly everyMs: number; readonly ms: number };
  /** Whether a 429 is acted upon as in a run. Without it every request is sent once, and the limiter is on its own. */
  readonly reacts?: boolean;
}

/** A worker is told when to want requests. */
export interface Begin {
  readonly kind: 'begin';
  /** Requests are wanted in this time. */
  readonly wanted: Span;
  /** And counted in this one. */
  readonly counted: Span;
}

export type ToWorker = Begin | { readonly kind: 'finish' };

export interface WorkerReport {
  readonly kind: 'report';
  readonly index: number;
  /** Requests that it would have sent without a limit, while they were counted. */
  readonly asked: number;
  readonly redisCalls: number;
  /** Permits that came too late to be used, and were given back. */
  readonly late: number;
  readonly failed: number;
  /** What the first failure said. */
  readonly failure?: string;
  /** When they failed; of very many, the first. */
  readonly failedUs: readonly number[];
  /** When the first 429 came back. */
  readonly refusedUs?: number;
  /** Share of the limit that others use, by what replies say, as it was seen over time. */
  readonly drift: readonly { readonly atUs: number; readonly share: number }[];
}

export type FromWorker = { readonly kind: 'ready' } | WorkerReport;

export type ToProvider = { readonly kind: 'refuse' } | { readonly kind: 'finish' };

export type FromProvider =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'arrivals'; readonly arrivals: readonly Arrival[] };
