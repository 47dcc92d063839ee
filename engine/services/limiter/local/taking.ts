import { guardUs, type Settled, type Ticket } from '../store.ts';
import { factorAt, intervalOf } from './allowance.ts';
import type { LimitState, LogEntry } from './limit-state.ts';
import { arrivalUs, type Bound, opensUs, partsFrom, windowsAt } from './slots.ts';

/** Takes what a request costs out of a limit, at its slot. */
export function take(bound: Bound, ticket: Ticket, nowUs: number): void {
  const { limit, state, frost } = bound;
  const { slotUs: slot } = ticket;
  const factor = factorAt(state, frost, nowUs);
  if (limit.shape.kind === 'bucket') {
    const arrival = arrivalUs(bound, nowUs);
    state.intervalUs = intervalOf(limit, state, factor);
    state.tatUs = Math.max(arrival, slot) + limit.cost * state.intervalUs;
    state.last = { id: ticket.id, tatUs: arrival, afterUs: state.tatUs };
  }
  if (frost.cut > state.cutBy) {
    state.factor = factor;
    state.factorAtUs = nowUs;
    state.cutBy = frost.cut;
  }
  if (limit.shape.kind === 'sliding') takeFromWindow(bound, ticket, nowUs);
  if (limit.shape.kind === 'fixed') takeFromCalendar(bound, slot, nowUs, limit.cost);
  if (limit.shape.kind === 'concurrency') takeLease(bound, ticket, nowUs);
  state.slotUs = Math.max(state.slotUs, slot);
}

function takeFromWindow({ limit, state }: Bound, { id, slotUs: slot }: Ticket, nowUs: number): void {
  if (limit.shape.kind !== 'sliding') return;
  const { windowUs, parts } = limit.shape;
  if (parts === undefined) {
    state.log = state.log.filter(({ atUs }) => atUs > nowUs - windowUs);
    insert(state.log, { id, atUs: slot, cost: limit.cost });
    return;
  }
  const widthUs = windowUs / parts;
  state.parts = Object.fromEntries(partsFrom(state, Math.floor((nowUs - windowUs) / widthUs)));
  const part = String(Math.floor(slot / widthUs));
  state.parts[part] = (state.parts[part] ?? 0) + limit.cost;
}

/** Slots come almost in order. */
function insert(log: LogEntry[], entry: LogEntry): void {
  let at = log.length;
  while (at > 0 && (log[at - 1]?.atUs ?? 0) > entry.atUs) at -= 1;
  log.splice(at, 0, entry);
}

function takeFromCalendar(bound: Bound, slot: number, nowUs: number, cost: number): void {
  const { state } = bound;
  const windows = windowsAt(bound, nowUs);
  state.heldUntilUs = Math.max(state.heldUntilUs, opensUs(bound, nowUs, cost));
  state.endUs = windows.endUs;
  const inside = slot < windows.endUs ? cost : 0;
  state.count = windows.count + inside;
  state.carry = windows.carry + (slot >= windows.endUs - guardUs ? cost : 0);
}

function takeLease({ limit, state }: Bound, { id, slotUs: slot }: Ticket, nowUs: number): void {
  if (limit.shape.kind !== 'concurrency') return;
  for (const [lease, end] of Object.entries(state.leases)) if (end <= nowUs) delete state.leases[lease];
  state.leases[id] = slot + limit.shape.leaseUs;
}

/**
 * Gives back what a request took that was never sent. Of a bucket that is safe only while nobody has taken anything after
 * it: later slots were reckoned with it, and they cannot be moved.
 */
export function giveBack(bound: Bound, { ticket }: Settled, nowUs: number): void {
  const { limit, state } = bound;
  const { shape } = limit;
  delete state.leases[ticket.id];
  if (state.last?.id === ticket.id && state.tatUs === state.last.afterUs) state.tatUs = state.last.tatUs;
  state.log = state.log.filter(({ id }) => id !== ticket.id);
  if (shape.kind === 'sliding' && shape.parts !== undefined)
    settlePart(state, ticket.slotUs, shape.windowUs / shape.parts, -limit.cost);
  if (shape.kind === 'fixed') settleCalendar(bound, ticket.slotUs, nowUs, -limit.cost);
}

/** Charges or gives back the difference between what a request was thought to cost and what it did. */
export function settleCost(bound: Bound, { ticket }: Settled, actual: number, nowUs: number): void {
  const { limit, state } = bound;
  const { shape } = limit;
  const difference = actual - limit.cost;
  if (shape.kind === 'bucket') {
    const charged = state.tatUs + difference * state.intervalUs;
    state.tatUs = difference > 0 ? Math.max(charged, nowUs) : Math.max(charged, Math.min(state.tatUs, nowUs));
  }
  if (shape.kind === 'fixed') settleCalendar(bound, ticket.slotUs, nowUs, difference);
  if (shape.kind !== 'sliding') return;
  if (shape.parts !== undefined) settlePart(state, ticket.slotUs, shape.windowUs / shape.parts, difference);
  state.log = state.log.map((entry) =>
    entry.id === ticket.id ? { ...entry, cost: Math.max(0, actual) } : entry,
  );
}

function settlePart(state: LimitState, slot: number, widthUs: number, difference: number): void {
  const part = String(Math.floor(slot / widthUs));
  if (part in state.parts) state.parts[part] = Math.max(0, (state.parts[part] ?? 0) + difference);
}

function settleCalendar(bound: Bound, slot: number, nowUs: number, difference: number): void {
  const { state } = bound;
  // Of a window that is over nothing is left to settle.
  if (nowUs >= state.endUs) return;
  const length = windowsAt(bound, nowUs).nextEndUs - state.endUs;
  if (slot < state.endUs && slot >= state.endUs - length) state.count = Math.max(0, state.count + difference);
  if (slot >= state.endUs - guardUs) state.carry = Math.max(0, state.carry + difference);
}
