import type { CursorPlan } from './cursor-plan.ts';
import type { Literal, Path } from './path-plan.ts';

export interface ConditionPlan {
  readonly path: Path;
  /** The path as written, for messages. */
  readonly text: string;
  readonly op: 'eq' | 'ne' | 'in' | 'notIn' | 'gt' | 'gte' | 'lt' | 'lte' | 'exists' | 'matches';
  readonly value: Literal | readonly Literal[];
}

/** How it is learned that rows are gone at the source, and what becomes of them. */
export interface DeletesPlan {
  /** `soft` keeps a row and sets its `_deleted_at`, `hard` removes it. */
  readonly how: 'soft' | 'hard';
  /** Whether rows go that the newest version of their record no longer has. */
  readonly children: boolean;
  /** A record for which all conditions of one of these hold is gone. */
  readonly flags: readonly (readonly ConditionPlan[])[];
  /** Streams that list what is gone; what a sweep finds out is listed by one of ours. */
  readonly streams: readonly DeletingStream[];
  readonly sweep?: SweepPlan;
  /** Every listing of the stream is whole, and what is not in it is gone. Absent where rows go one by one. */
  readonly listing?: ListingPlan;
}

/** What the whole listing of a stream lacks is gone. */
export interface ListingPlan {
  /** Most records that may be gone, as a part of those known. */
  readonly threshold: number;
}

/** The whole listing is read from time to time, and what is not in it is gone. */
export interface SweepPlan {
  /** The listing as a stream of its own: `source.stream~sweep`. */
  readonly stream: string;
  readonly everyMs: number;
  /** Most records that may be gone, as a part of those known. */
  readonly threshold: number;
  /** What its share of the limits comes to; absent where nothing limits it. */
  readonly pagesPerMinute?: number;
}

/** A stream whose records say that those of another are gone. */
export interface DeletingStream {
  /** `source.stream`. */
  readonly stream: string;
  /** Paths of the primary key of what is gone. */
  readonly key: readonly Path[];
  /** When it was, in terms of the cursor of what is gone; absent where the cursor of the deletion says it. */
  readonly at?: Pick<CursorPlan, 'field' | 'type' | 'format'> & {
    /** What an instant there is cut to; absent where it is the very moment. */
    readonly precisionMs?: number;
  };
  /** Conditions that hold for a deletion. */
  readonly where: readonly ConditionPlan[];
}
