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
  readonly account: string;
  /** Reference to the key that encrypts what is kept; without it nothing is. */
  readonly tokenKey?: string;
  tokenUrl(source: SourcePlan): string;
}
