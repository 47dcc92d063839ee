import { guardUs, type Settled, type Ticket } from '../store.ts';
import { burstOf, declaredUs, factorAt, intervalOf } from './allowance.ts';
import type { Dip, LimitState, LogEntry } from './limit-state.ts';
import { arrivalUs, type Bound, partsFrom, windowsAt } from './slots.ts';

/** Takes what a request costs out of a limit, at its slot. */
export function take(bound: Bound, ticket: Ticket, nowUs: number): void {
  const { limit, state, frost } = bound;
  const { slotUs: slot } = ticket;
  const factor = factorAt(state, frost, nowUs);
  if (limit.shape.kind === 'bucket') {
    const arrival = arrivalUs(bound, nowUs);
    state.intervalUs = intervalOf(limit, state, factor);
    noteDip(bound, serialOf(ticket.id), (arrival - slot) / state.intervalUs);
    state.tatUs = Math.max(arrival, slot) + limit.cost * state.intervalUs;
    state.last = { id: ticket.id, tatUs: arrival, afterUs: state.tatUs };
    state.meterUs = Math.max(state.meterUs, slot) + limit.cost * declaredUs(limit);
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

/** Tickets of a domain are numbered in the order in which they were granted. */
const serialOf = (ticket: string): number => Number(ticket.slice(ticket.lastIndexOf('-') + 1));

/** Of a burst, as fine as refunds need to be. */
const dipsPerBurst = 32;

/** Notes how full a bucket was when a ticket took from it. */
function noteDip({ limit, state }: Bound, serial: number, found: number): void {
  const step = burstOf(limit, state, false) / dipsPerBurst;
  const units = Math.max(0, Math.floor(found / step) * step);
  state.dips = [...state.dips.filter((dip) => dip.units < units), { serial, units }];
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
  const { endUs, pastEndUs } = windows;
  state.endUs = endUs;
  state.pastEndUs = pastEndUs;
  state.count = windows.count + (slot < endUs + guardUs ? cost : 0);
  state.carry = windows.carry + (slot >= endUs - guardUs ? cost : 0);
  state.past = windows.past + (slot < pastEndUs + guardUs ? cost : 0);
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
export function giveBack(bound: Bound, { ticket }: Settled): void {
  const { limit, state } = bound;
  const { shape } = limit;
  delete state.leases[ticket.id];
  if (state.last?.id === ticket.id && state.tatUs === state.last.afterUs) state.tatUs = state.last.tatUs;
  state.meterUs -= limit.cost * declaredUs(limit);
  state.log = state.log.filter(({ id }) => id !== ticket.id);
  if (shape.kind === 'sliding' && shape.parts !== undefined)
    settlePart(state, ticket.slotUs, shape.windowUs / shape.parts, -limit.cost);
  if (shape.kind === 'fixed') settleCalendar(state, ticket.slotUs, -limit.cost);
}

/** Charges or gives back the difference between what a request was thought to cost and what it did. */
export function settleCost(bound: Bound, { ticket }: Settled, actual: number, nowUs: number): void {
  const { limit, state } = bound;
  const { shape } = limit;
  const difference = actual - limit.cost;
  if (shape.kind === 'bucket') {
    if (difference > 0) charge(bound, difference, nowUs);
    else refund(state, serialOf(ticket.id), -difference, nowUs);
    state.meterUs += difference * declaredUs(limit);
  }
  if (shape.kind === 'fixed') settleCalendar(state, ticket.slotUs, difference);
  if (shape.kind !== 'sliding') return;
  if (shape.parts !== undefined) settlePart(state, ticket.slotUs, shape.windowUs / shape.parts, difference);
  state.log = state.log.map((entry) =>
    entry.id === ticket.id ? { ...entry, cost: Math.max(0, actual) } : entry,
  );
}

/** Takes more out of a bucket than was asked for. */
function charge(bound: Bound, units: number, nowUs: number): void {
  const { limit, state, frost } = bound;
  if (state.intervalUs === 0) state.intervalUs = intervalOf(limit, state, factorAt(state, frost, nowUs));
  noteDip(bound, nextSerial(state), (state.tatUs - nowUs) / state.intervalUs);
  state.tatUs = Math.max(state.tatUs, nowUs) + units * state.intervalUs;
}

/** Later than every ticket that took from a limit so far. */
export const nextSerial = ({ last }: LimitState): number => (last === undefined ? 0 : serialOf(last.id) + 1);

/**
 * Gives units back to a bucket. What was taken too much has run out by itself wherever the bucket was empty since then,
 * and was in nobody's way: only what every later request has found in it can be given back.
 */
function refund(state: LimitState, serial: number, units: number, nowUs: number): void {
  const later = (dip: Dip): boolean => dip.serial > serial;
  const least = state.dips.find(later)?.units ?? Number.POSITIVE_INFINITY;
  const back = Math.min(units, least);
  state.tatUs = Math.max(state.tatUs - back * state.intervalUs, Math.min(state.tatUs, nowUs));
  state.dips = state.dips.map((dip) => (later(dip) ? { ...dip, units: dip.units - back } : dip));
}

function settlePart(state: LimitState, slot: number, widthUs: number, difference: number): void {
  const part = String(Math.floor(slot / widthUs));
  if (part in state.parts) state.parts[part] = Math.max(0, (state.parts[part] ?? 0) + difference);
}

function settleCalendar(state: LimitState, slot: number, difference: number): void {
  if (slot < state.pastEndUs + guardUs) state.past += Math.max(0, difference);
  // Of a window that is over nothing is left to settle.
  if (slot < state.pastEndUs - guardUs) return;
  if (slot < state.endUs + guardUs) state.count = Math.max(0, state.count + difference);
  if (slot >= state.endUs - guardUs) state.carry = Math.max(0, state.carry + difference);
}
