import type { Path } from './path-plan.ts';

export type CursorType = 'timestamp' | 'integer' | 'string';

export interface CursorPlan {
  readonly field: Path;
  readonly type: CursorType;
  /** How a timestamp is written in the request. */
  readonly format: 'iso' | 'date' | 'epoch' | 'epoch_ms';
  /** First value wanted by the first run; without it, everything. */
  readonly start?: string;
  readonly lookbackMs: number;
  /** Whether a request can carry the end of a window. */
  readonly ends: boolean;
  /** Length of the slices that a window is read in. */
  readonly stepMs?: number;
}
