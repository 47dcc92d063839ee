import { type Ask, type AskLimit, guardUs, quantumRequests, quantumUs, waitedForUs } from '../store.ts';
import { factorAt, intervalOf } from './allowance.ts';
import type { LimitState } from './limit-state.ts';
import type { Bound } from './slots.ts';

/** Who waits, for which limit, and until when that is believed without being asked again. */
export type WaitingMembers = Record<string, { readonly key: string; readonly untilUs: number }>;

export const keyOf = ({ id, partition }: AskLimit): string => `${id} ${partition}`;

const startOf = (state: LimitState, member: string): number =>
  Math.max(state.finish[member] ?? 0, state.virtual);

/** The least start of others that wait for a limit; undefined when nobody does. */
function leastOther(
  { limit, state }: Bound,
  waiting: WaitingMembers,
  member: string,
  nowUs: number,
): number | undefined {
  const key = keyOf(limit);
  const starts = Object.entries(waiting)
    .filter(([other, { key: theirs, untilUs }]) => other !== member && theirs === key && untilUs > nowUs)
    .map(([other]) => startOf(state, other));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** How far ahead of a waiting member another may be: a request, or what goes out in a moment where limits are high. */
function quantum({ limit, state, frost }: Bound, nowUs: number): number {
  const intervalUs = intervalOf(limit, state, factorAt(state, frost, nowUs));
  return Math.max(quantumRequests, intervalUs > 0 ? quantumUs / intervalUs : 0);
}

/**
 * The limit at which others should go first: start-time fair queueing (Goyal, Vin, Cheng 1996). A member that was idle
 * starts where the others are: it neither saves credit nor starves.
 */
export const outOfTurn = (
  bounds: readonly Bound[],
  waiting: WaitingMembers,
  { member }: Ask,
  nowUs: number,
): Bound | undefined =>
  bounds.find((bound) => {
    const least = leastOther(bound, waiting, member, nowUs);
    return least !== undefined && startOf(bound.state, member) > least + quantum(bound, nowUs);
  });

/** Notes that a member was served, where anybody waits. */
export function served(
  bounds: readonly Bound[],
  waiting: WaitingMembers,
  { member, weight }: Ask,
  contended: boolean,
  nowUs: number,
): void {
  for (const bound of bounds) {
    const { state, limit } = bound;
    const least = leastOther(bound, waiting, member, nowUs);
    if (least === undefined && !contended) continue;
    const start = startOf(state, member);
    state.virtual = Math.max(state.virtual, Math.min(start, least ?? start));
    state.finish = Object.fromEntries(
      Object.entries(state.finish).filter(([, finish]) => finish > state.virtual),
    );
    state.finish[member] = start + limit.cost / weight;
  }
}

/**
 * Notes for which limit a member waits, or that it does not. `againUs` is when it is to ask again; one that was told to
 * come back much later is not waited for, and neither is one that does not come in time: its process may stand still.
 */
export function noteWaiting(
  waiting: WaitingMembers,
  { member }: Ask,
  limit: AskLimit | undefined,
  againUs: number,
  nowUs: number,
): void {
  const awaitedUs = Math.min(againUs, nowUs + waitedForUs) + guardUs;
  if (limit === undefined) delete waiting[member];
  else waiting[member] = { key: keyOf(limit), untilUs: awaitedUs };
}
