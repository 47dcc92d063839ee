import type { Diagnostic } from '../model/diagnostic.ts';
import type { SweepStep } from '../model/plan.ts';
import type { ListingBegun, Staging } from '../model/ports.ts';
import { type Listing, lackingGone } from './gone.ts';
import type { Part } from './received.ts';

/** How far a sweep has come; kept between runs. */
interface SweepState extends Required<ListingBegun> {
  readonly readMs: number;
  readonly doneMs?: number;
}

const minuteMs = 60_000;

/**
 * Reads on in the whole listing of a stream, as much as its share of the limits allows. Once it has been read to its end,
 * the records that nothing has mentioned since the sweep began are gone: a page of our own says so. A sweep that finds too
 * many of them gone deletes nothing. Killed at any time, it goes on where it was, or begins the listing anew.
 */
export async function sweep(
  step: SweepStep,
  run: Listing,
  read: (part: Part) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> {
  const { staging, memory, clock, runId } = run.services;
  const name = `${step.id} ${step.stream.account}`;
  const before = parsed(await memory.recall(name));
  const now = clock.now();
  if (!isDue(step, before, now)) return [];
  const isNew = before === undefined || before.doneMs !== undefined;
  const state = isNew ? await begun(before, now, staging) : before;
  await memory.remember(name, JSON.stringify({ ...state, readMs: now }));
  const { open, shape } = await staging.position(step.stream);
  const start = { ...(shape && { shape }), ...(!isNew && open && { open }) };
  const found = await read({ start, pagesMax: pagesAllowed(step, state, now) });
  if ((await staging.position(step.stream)).open !== undefined) return found;
  const tooMany = await lackingGone({ ...step, ...state, found }, run);
  await memory.remember(name, JSON.stringify({ ...state, readMs: now, doneMs: clock.now() }));
  if (tooMany.length === 0) await staging.blockers.settle([step.id], runId);
  return [...found, ...tooMany];
}

const isDue = ({ sweep: { everyMs } }: SweepStep, before: SweepState | undefined, now: number): boolean =>
  before?.doneMs === undefined || now >= before.begunMs + everyMs;

const parsed = (text: string | undefined): SweepState | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as SweepState);

const begun = async (before: SweepState | undefined, now: number, staging: Staging): Promise<SweepState> => ({
  begunMs: now,
  firstPage: await staging.reservePages(1),
  readMs: before?.readMs ?? now,
});

function pagesAllowed({ sweep: { pagesPerMinute } }: SweepStep, { readMs }: SweepState, now: number): number {
  if (pagesPerMinute === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(((now - readMs) * pagesPerMinute) / minuteMs));
}
