/** What is known of one limit (of one partition). All times are microseconds of the store's clock. */
export interface LimitState {
  /** Bucket: theoretical arrival time of the next unit (GCRA, ITU-T I.371), and the interval that it was counted with. */
  tatUs: number;
  intervalUs: number;
  /** Bucket: the same of the provider’s own, as far as it knows only of us: to tell what others take. */
  meterUs: number;
  /** Of the newest ticket, so that it can be given back: what was before it, what after. */
  last: { id: string; tatUs: number; afterUs: number } | undefined;
  /** Bucket: how full it was at least from each of these tickets on, fuller and fuller. */
  dips: Dip[];
  /** Sliding, logged: what was taken, in order of time. */
  log: LogEntry[];
  /** Sliding, in parts: cost by number of the part. */
  parts: Record<string, number>;
  /** Fixed: end of the present window, what it and the next one have taken. */
  endUs: number;
  count: number;
  carry: number;
  /** Fixed: end of the window before, and what it had taken: a provider whose clock is behind still counts it. */
  pastEndUs: number;
  past: number;
  /** Fixed: not before then, whatever the calendar says: a provider whose window ends later said so. */
  heldUntilUs: number;
  /** Concurrency: end of each lease by ticket. */
  leases: Record<string, number>;
  /** Until when all this bears on anything. */
  meansUntilUs: number;
  /** Last slot, for an even pace. */
  slotUs: number;
  /** What throttles have left of the rate. */
  factor: number;
  factorAtUs: number;
  /** Freeze for which the factor was last cut. */
  cutBy: number;
  /** By replies: units per second, and the capacity. */
  perSecond: number | undefined;
  capacity: number | undefined;
  /** Slot of the newest request whose reply was looked at. */
  observedUs: number;
  /** Decaying sum of what others took. */
  foreign: number;
  foreignAtUs: number;
  /** Fairness: where each member stands, in requests over weight, and the least of those served. */
  finish: Record<string, number>;
  virtual: number;
}

/** What a later request found in a bucket: no more than that can be given back of an earlier one. */
export interface Dip {
  readonly serial: number;
  readonly units: number;
}

export interface LogEntry {
  readonly id: string;
  readonly atUs: number;
  readonly cost: number;
}

/** A limit of which nothing was used yet. */
export const newLimitState = (): LimitState => ({
  tatUs: 0,
  intervalUs: 0,
  meterUs: 0,
  last: undefined,
  dips: [],
  log: [],
  parts: {},
  endUs: 0,
  count: 0,
  carry: 0,
  pastEndUs: 0,
  past: 0,
  heldUntilUs: 0,
  leases: {},
  meansUntilUs: 0,
  slotUs: 0,
  factor: 1,
  factorAtUs: 0,
  cutBy: 0,
  perSecond: undefined,
  capacity: undefined,
  observedUs: 0,
  foreign: 0,
  foreignAtUs: 0,
  finish: {},
  virtual: 0,
});
