/** When something happens, by both clocks of the lab. */
export interface Moment {
  /** Of a clock that never goes back. */
  readonly steadyMs: number;
  /** Since the epoch: windows of the calendar go by it. */
  readonly epochMs: number;
}

/** How a count stands. */
export interface Standing {
  readonly used: number;
  /** Until all of it is back; 0 when all of it is there. */
  readonly resetMs: number;
}

/** What somebody else uses of the limits of one domain, steadily and without a word. */
export interface Others {
  /** Between 0 and 1. */
  share: number;
}

/** The strict count of one limit, for one value of its key. What is refused is not added. */
export interface Counter {
  /** Milliseconds until `cost` more fit; 0 when they fit now, Infinity when they never do. */
  waitMs(at: Moment, cost: number): number;
  /** Counts a request. The mark names it for {@link adjust}. */
  add(at: Moment, cost: number): number;
  /** Changes what a request was counted with, when it costs less or more than was thought. */
  adjust(at: Moment, mark: number, difference: number): void;
  standing(at: Moment): Standing;
  /** The request is answered, or its connection is gone. Only where requests under way are counted. */
  release?(): void;
}

/** Rounding of floating point may not refuse a request that comes exactly on time. */
export const tolerance = 1e-9;
