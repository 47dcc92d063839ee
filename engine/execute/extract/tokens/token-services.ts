import { defaultAccount } from '../../../model/accounts.ts';
import type { SourcePlan } from '../../../model/plan.ts';
import type { Clock, HttpClient, Locks, Memory, References } from '../../../model/ports.ts';

/** What issuing tokens needs of the outside world. */
export interface TokenServices {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly references: References;
  readonly memory: Memory;
  readonly locks: Locks;
  readonly random: () => number;
  /** Ends the run. A refresh that is under way is finished first, since its answer may hold the only token left. */
  readonly signal: AbortSignal;
  readonly runId: string;
  readonly environment: string;
  /** Reference to the key that encrypts what is kept; without it nothing is. */
  readonly tokenKey?: string;
  tokenUrl(source: SourcePlan): string;
  /** PEM. */
  signingKey(source: SourcePlan): string;
}

/** `source:account` of `source` or `source@account`. */
const owner = (named: string): string => {
  const [source, account = defaultAccount] = named.split('@');
  return `${source}:${account}`;
};

/** What is locked while the token of `source` or `source@account` is renewed. */
export const lockName = (environment: string, source: string): string =>
  `token:${environment}:${owner(source)}`;

/** Where the token of `source` or `source@account` is remembered. `start` tells apart what has begun with different refresh tokens. */
export const memoryName = (source: string, start: string): string => `token:${owner(source)}:${start}`;

/** How soon others may go on after a process that died. The lock is renewed while it is held. */
export const lockMs = 10_000;
