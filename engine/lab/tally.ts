import type { Answer } from './answer.ts';
import { TimeLog } from './limits/time-log.ts';
import type { LimitTally } from './meter.ts';

/** What the lab has served of one source. */
export interface LabStats {
  readonly requests: number;
  readonly records: number;
  /** Answers by status code. */
  readonly statuses: { readonly [status: string]: number };
  /** Requests that a limit refused, whatever the status that said so. */
  readonly throttled: number;
  /** Most requests that came within one second, refused ones included. */
  readonly worstSecond: number;
  readonly limits: { readonly [limit: string]: LimitTally };
  /** Faults that struck, by kind. */
  readonly faults: { readonly [kind: string]: number };
  /** Where the source gives tokens or sessions. */
  readonly tokens?: TokenStats;
}

export interface TokenStats {
  /** Access tokens and sessions given. */
  readonly issued: number;
  /** Of those, for a refresh token. */
  readonly refreshed: number;
  /** Requests for a token that were refused. */
  readonly refused: number;
  /** Of those, for a refresh token that was used before. */
  readonly reused: number;
}

/** Counts what a source is asked for and answers. */
export class Tally {
  private requests = 0;
  private records = 0;
  private throttled = 0;
  private worst = 0;
  private statuses: Record<string, number> = {};
  private readonly second = new TimeLog();

  /** A request has come. */
  arrived(steadyMs: number): void {
    this.second.dropUntil(steadyMs - 1000);
    this.second.add(steadyMs, 1);
    this.worst = Math.max(this.worst, this.second.length);
  }

  answered({ status, records }: Answer): void {
    this.requests += 1;
    this.records += records;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  refused(): void {
    this.throttled += 1;
  }

  /** Begins anew. */
  reset(): void {
    this.requests = 0;
    this.records = 0;
    this.throttled = 0;
    this.worst = 0;
    this.statuses = {};
    this.second.dropUntil(Number.POSITIVE_INFINITY);
  }

  counts(): Pick<LabStats, 'requests' | 'records' | 'statuses' | 'throttled' | 'worstSecond'> {
    const { requests, records, throttled, worst } = this;
    return { requests, records, statuses: { ...this.statuses }, throttled, worstSecond: worst };
  }
}
