import { keptUs, learnedUs } from '../store.ts';
import type { LimitState } from './limit-state.ts';
import type { Bound } from './slots.ts';
import { keyOf } from './turns.ts';

export type LimitStates = Record<string, LimitState>;

/** Notes what is known of a limit. A partition that is only asked for, or looked at, leaves nothing behind. */
export function keep(limits: LimitStates, bound: Bound, nowUs: number): void {
  bound.state.meansUntilUs = Math.max(nowUs, meansUntilUs(bound, nowUs));
  limits[keyOf(bound.limit)] = bound.state;
}

/** Until when what is known of a limit bears on anything: keys expire by it in lua/states.lua. */
function meansUntilUs({ limit: { shape }, state }: Bound, nowUs: number): number {
  switch (shape.kind) {
    case 'bucket':
      return state.tatUs;
    case 'sliding':
      return Math.max(nowUs, state.slotUs) + shape.windowUs;
    case 'fixed':
      return Math.max(state.heldUntilUs, state.endUs, shape.endsUs[1] ?? 0);
    case 'concurrency':
      return Math.max(nowUs, state.slotUs) + shape.leaseUs;
  }
}

/** Forgets what has meant nothing for long: partitions come and go, with every path or account. */
export function forgetLimits(limits: LimitStates, nowUs: number): void {
  for (const [key, state] of Object.entries(limits))
    if (state.meansUntilUs < nowUs - (isLearned(state) ? learnedUs : keptUs)) delete limits[key];
}

const isLearned = ({ cutBy, perSecond, capacity }: LimitState): boolean =>
  cutBy > 0 || perSecond !== undefined || capacity !== undefined;
