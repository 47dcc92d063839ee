import type { Observation } from '../../../model/ports.ts';
import { driftUs, roundingUnits, type Settled } from '../store.ts';
import { countOf, declaredUs, factorAt, intervalOf } from './allowance.ts';
import type { LimitState } from './limit-state.ts';
import { arrivalUs, type Bound, partsFrom, windowsAt } from './slots.ts';
import { nextSerial } from './taking.ts';

/**
 * Lets a reply tighten a limit. What the provider counts above our own count was taken by others, and is taken off at
 * once; what it counts less is not given back, since requests of ours may be under way. A reply that is older than one
 * looked at before says nothing new.
 */
export function observe(
  bound: Bound,
  said: Observation,
  { ticket, ageUs = 0 }: Settled,
  nowUs: number,
): void {
  const { state } = bound;
  const ticketUs = ticket.slotUs;
  if (ticketUs < state.observedUs) return;
  state.observedUs = ticketUs;
  if (said.perSecond !== undefined && said.perSecond > 0) state.perSecond = said.perSecond;
  if (said.capacity !== undefined && said.capacity > 0) state.capacity = said.capacity;
  const lifted = lift(bound, said, ageUs, nowUs);
  if (lifted !== undefined) note(state, lifted, nowUs);
}

/** Raises our count to the provider's; gives by how much. Undefined when the reply says nothing of what is used. */
function lift(bound: Bound, said: Observation, agoUs: number, nowUs: number): number | undefined {
  switch (bound.limit.shape.kind) {
    case 'bucket':
      return liftBucket(bound, said, agoUs, nowUs);
    case 'sliding':
      return liftWindow(bound, said, nowUs);
    case 'fixed':
      return liftCalendar(bound, said, agoUs, nowUs);
    case 'concurrency':
      return undefined;
  }
}

/** What is used of a bucket, in units, by what was said. */
function usedOf({ used, capacity, remaining }: Observation, declared: number): number | undefined {
  if (used !== undefined) return used;
  return remaining === undefined ? undefined : (capacity ?? declared) - remaining;
}

/**
 * Our level is reckoned without what is reserved and not sent yet, and the provider's without what has dripped since it
 * spoke. A unit of difference is rounding.
 */
function liftBucket(bound: Bound, said: Observation, agoUs: number, nowUs: number): number | undefined {
  const { limit, state, frost } = bound;
  const used = limit.shape.kind === 'bucket' ? usedOf(said, limit.shape.capacity) : undefined;
  if (used === undefined) return undefined;
  const intervalUs = intervalOf(limit, state, factorAt(state, frost, nowUs));
  const arrival = arrivalUs(bound, nowUs);
  const level = Math.max(0, arrival - Math.max(nowUs, state.slotUs)) / intervalUs;
  const units = used - agoUs / intervalUs - level;
  const foreign = metered(bound, used, agoUs, nowUs);
  if (units <= roundingUnits) return foreign;
  state.intervalUs = intervalUs;
  state.tatUs = Math.max(arrival, nowUs) + units * intervalUs;
  // What earlier requests did not use the provider has not counted.
  state.dips = [{ serial: nextSerial(state), units: 0 }];
  return foreign;
}

/**
 * Units that the provider has counted and that were not ours. Our own count is no measure of that: it is fuller than the
 * provider's by headroom, and by what throttles have cut.
 */
function metered({ limit, state }: Bound, used: number, agoUs: number, nowUs: number): number {
  const intervalUs = declaredUs(limit);
  const level = Math.max(0, state.meterUs - Math.max(nowUs, state.slotUs)) / intervalUs;
  const units = used - agoUs / intervalUs - level;
  if (units <= roundingUnits) return 0;
  state.meterUs = Math.max(state.meterUs, nowUs) + units * intervalUs;
  return units;
}

/** How many units more our count must have so that no more than what is left will be asked for. */
function missing(bound: Bound, said: Observation, counted: number, nowUs: number): number | undefined {
  const { limit, state, frost } = bound;
  const declared = countOf(limit, { ...state, capacity: undefined }, 1) / limit.used;
  const left =
    said.remaining ?? (said.used === undefined ? undefined : (said.capacity ?? declared) - said.used);
  if (left === undefined) return undefined;
  const count = countOf(limit, state, factorAt(state, frost, nowUs));
  return Math.max(0, count - Math.max(0, left) - counted);
}

function liftWindow(bound: Bound, said: Observation, nowUs: number): number | undefined {
  const { limit, state } = bound;
  if (limit.shape.kind !== 'sliding') return undefined;
  const { windowUs, parts } = limit.shape;
  const widthUs = windowUs / (parts ?? 1);
  const counted =
    parts === undefined
      ? state.log.reduce((sum, { atUs, cost }) => (atUs > nowUs - windowUs ? sum + cost : sum), 0)
      : partsFrom(state, Math.floor((nowUs - windowUs) / widthUs)).reduce((sum, [, cost]) => sum + cost, 0);
  const units = missing(bound, said, counted, nowUs);
  if (units === undefined || units === 0) return units;
  if (parts === undefined) {
    state.log.push({ id: 'others', atUs: nowUs, cost: units });
    state.log.sort((a, b) => a.atUs - b.atUs);
  } else {
    const part = String(Math.floor(nowUs / widthUs));
    state.parts[part] = (state.parts[part] ?? 0) + units;
  }
  return units;
}

function liftCalendar(bound: Bound, said: Observation, agoUs: number, nowUs: number): number | undefined {
  const { state } = bound;
  const windows = windowsAt(bound, nowUs);
  const units = missing(bound, said, windows.count, nowUs);
  const resetUs = said.resetMs === undefined ? undefined : nowUs + said.resetMs * 1000 - agoUs;
  // With nothing left only the provider knows when there is more.
  if (resetUs !== undefined && (said.remaining ?? 1) <= 0)
    state.heldUntilUs = Math.max(state.heldUntilUs, resetUs);
  if (units === undefined || units === 0) return units;
  const { endUs, carry, pastEndUs, past } = windows;
  Object.assign(state, { endUs, carry, pastEndUs, past, count: windows.count + units });
  return units;
}

const decay = (state: LimitState, nowUs: number): number =>
  Math.exp(-Math.max(0, nowUs - state.foreignAtUs) / driftUs);

function note(state: LimitState, units: number, nowUs: number): void {
  state.foreign = (state.foreignAtUs === 0 ? 0 : state.foreign * decay(state, nowUs)) + units;
  state.foreignAtUs = nowUs;
}

/** What others use of a limit, between 0 and 1: their average over a quarter of a minute or so against what is declared. */
export function drift({ limit, state }: Bound, nowUs: number): number | undefined {
  if (state.foreignAtUs === 0) return undefined;
  const perUs = (state.foreign * decay(state, nowUs)) / driftUs;
  const { shape, used } = limit;
  if (shape.kind === 'bucket') return Math.min(1, perUs * declaredUs(limit));
  if (shape.kind === 'sliding') return Math.min(1, (perUs * shape.windowUs * used) / shape.count);
  return undefined;
}
