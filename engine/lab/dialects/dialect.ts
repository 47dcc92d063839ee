import type { Slot } from '../body.ts';
import type { LimitState } from '../meter.ts';

/** Headers by name. */
export interface Headers {
  readonly [header: string]: string;
}

/** What a provider looks at when it speaks of its limits. */
export interface Facts {
  /** The limits that bind the request, in the order in which they are declared. */
  readonly limits: readonly LimitState[];
  /** Epoch milliseconds by the provider's clock. */
  readonly nowMs: number;
}

/** A request that a limit refuses. */
export interface Refused extends Facts {
  /** The limit that asks for the longest wait. */
  readonly by: LimitState;
  /** How long until the same request fits. */
  readonly waitMs: number;
  /** For people. */
  readonly message: string;
}

/** What a provider answers when it refuses. */
export interface RefusalText {
  readonly status: number;
  readonly headers?: Headers;
  /** A text is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

/** How a provider speaks of its limits. */
export interface Dialect {
  /** Headers of every answer to a request that was let through. */
  readonly headers?: (facts: Facts) => Headers;
  /** Values in the body of every good answer. */
  readonly slots?: (facts: Facts) => readonly Slot[];
  readonly refuse: (refused: Refused) => RefusalText;
  /** An endpoint that says how the limits stand, and what it says. */
  readonly poll?: { readonly path: string; readonly body: (facts: Facts) => unknown };
  /** What is answered when the object asked for is locked, where that is not a 423. */
  readonly locked?: RefusalText;
  /** What is answered to a request for fields of which some are not described; undefined where all are. */
  readonly unknownField?: (
    asked: readonly string[],
    described: ReadonlySet<string>,
  ) => RefusalText | undefined;
}

/** Seconds in whole, never less than it takes. */
export const seconds = (ms: number): string => String(Math.ceil(ms / 1000));

/** A whole count that never says less than is used. */
export const usedUp = ({ used }: LimitState): number => Math.ceil(used - 1e-9);

/** A whole count that never says more than is left. */
export const left = ({ remaining }: LimitState): number => Math.floor(remaining + 1e-9);

const longMs = 12 * 3_600_000;

/** Whether a limit counts a day or longer, as a quota does. */
export const isDaily = ({ kind, windowMs }: LimitState): boolean =>
  (kind === 'fixed' || kind === 'sliding') && windowMs >= longMs;

/** The first limit that counts requests over time, of a day or of less than a day. */
export const limitOver = (limits: readonly LimitState[], daily: boolean): LimitState | undefined =>
  limits.find((limit) => limit.kind !== 'concurrency' && isDaily(limit) === daily);

/** The first limit that counts requests over time. */
export const firstOverTime = (limits: readonly LimitState[]): LimitState | undefined =>
  limits.find(({ kind }) => kind !== 'concurrency');
