import { type AskLimit, cutFactor, factorMin, factorPerMinute } from '../store.ts';
import type { LimitState } from './limit-state.ts';

/** The freezes that touch a limit, as far as they bear on what follows them. */
export interface Frost {
  /** End of the latest one. */
  readonly untilUs: number;
  /** Number of the latest one that a throttle caused. */
  readonly cut: number;
}

const minuteUs = 60_000_000;

/**
 * What throttles have left of the rate: times 0.7 for each freeze, and 0.05 more every minute (AIMD, as TCP does).
 * However many throttles led to one freeze, it cuts once.
 */
export function factorAt(state: LimitState, frost: Frost, nowUs: number): number {
  const risen = state.factor + (factorPerMinute * Math.max(0, nowUs - state.factorAtUs)) / minuteUs;
  const factor = Math.min(1, state.factorAtUs === 0 ? state.factor : risen);
  return frost.cut > state.cutBy ? Math.max(factorMin, factor * cutFactor) : factor;
}

/** Microseconds between two units of a bucket, by what is declared, what replies say, and what throttles have left. */
export function intervalOf({ shape, used, raiseMax }: AskLimit, state: LimitState, factor: number): number {
  if (shape.kind !== 'bucket') return 0;
  const said = state.perSecond === undefined ? shape.intervalUs : 1e6 / (state.perSecond * used);
  return Math.max(said, shape.intervalUs / raiseMax) / factor;
}

/** Units of a bucket that may go at once. */
export function burstOf({ shape, raiseMax }: AskLimit, state: LimitState, low: boolean): number {
  if (shape.kind !== 'bucket') return 0;
  const said = Math.min(state.capacity ?? shape.capacity, shape.capacity * raiseMax);
  const burst = Math.max(1, shape.burst + said - shape.capacity);
  return low ? Math.max(1, Math.floor(burst / 2)) : burst;
}

/** Units of a window, or leases. A day's quota is not cut: it is a count, no rate. */
export function countOf({ shape, used, raiseMax }: AskLimit, state: LimitState, factor: number): number {
  if (shape.kind === 'bucket') return 0;
  const said =
    state.capacity === undefined
      ? shape.count
      : Math.max(1, Math.min(Math.floor(state.capacity * used), shape.count * raiseMax));
  return shape.kind === 'fixed' ? said : Math.max(1, Math.floor(said * factor));
}

/** Microseconds between two units as the provider counts: nothing is left unused, and no throttle has cut it. */
export const declaredUs = ({ shape, used }: AskLimit): number =>
  shape.kind === 'bucket' ? shape.intervalUs * used : 0;
