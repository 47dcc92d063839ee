import type { MappedPage, MappedRows } from '../model/batch.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { MappingPlan, Plan, SweepStep } from '../model/plan.ts';
import type { Clock, Memory, StagedPage, Staging } from '../model/ports.ts';
import type { Part } from './received.ts';
import type { RunLedger } from './run-ledger.ts';
import type { RunServices } from './run-services.ts';
import type { WorkerPool } from './worker-pool.ts';

interface SweepServices {
  readonly staging: Staging;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly run: string;
  readonly mappings: readonly MappingPlan[];
  /** Reads on in the listing. */
  read(part: Part): Promise<readonly Diagnostic[]>;
  /** Maps a page of our own, that says what is gone. */
  map(page: number, body: Uint8Array): Promise<MappedPage>;
  /** Told of every page once it is committed. */
  committed(page: StagedPage): void;
}

/** The parts of a run that a sweep uses. */
interface Sweeping {
  readonly plan: Plan;
  readonly services: RunServices;
  readonly ledger: RunLedger;
  readonly pool: WorkerPool;
  readonly spool: { add(page: number, rows: MappedRows): void };
}

function servicesOf(
  { plan, services, ledger, pool, spool }: Sweeping,
  step: SweepStep,
): Omit<SweepServices, 'read'> {
  const program = `${step.gone.source}.${step.gone.name}`;
  return {
    ...services,
    run: services.runId,
    mappings: step.mappings.flatMap((name) => plan.mappings[name] ?? []),
    map: async (page, body) => pool.map({ program, page, body }, undefined).mapped,
    committed: ({ id, rows: all }) => {
      for (const rows of all) {
        ledger.mapped(rows);
        spool.add(id, rows);
      }
    },
  };
}

/** How far a sweep has come; kept between runs. */
interface SweepState {
  readonly begunMs: number;
  /** Pages from this one on have been read since it began. */
  readonly firstPage: number;
  readonly readMs: number;
  readonly doneMs?: number;
}

const minuteMs = 60_000;
/** Records that one page lists as gone, at most. */
const goneMax = 10_000;

/**
 * Reads on in the whole listing of a stream, as much as its share of the limits allows. Once it has been read to its end,
 * the records that nothing has mentioned since the sweep began are gone: a page of our own says so. A sweep that finds too
 * many of them gone deletes nothing. Killed at any time, it goes on where it was, or begins the listing anew.
 */
export async function sweep(
  step: SweepStep,
  run: Sweeping,
  read: SweepServices['read'],
): Promise<readonly Diagnostic[]> {
  const services: SweepServices = { ...servicesOf(run, step), read };
  const { staging, memory, clock } = services;
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
  const tooMany = await concluded(step, state, found, services);
  await memory.remember(name, JSON.stringify({ ...state, readMs: now, doneMs: clock.now() }));
  if (tooMany.length === 0) await staging.blockers.settle([step.id], services.run);
  return [...found, ...tooMany];
}

/** The listing has been read to its end: what it lacks is gone, unless that is too much. */
async function concluded(
  step: SweepStep,
  state: SweepState,
  found: readonly Diagnostic[],
  services: SweepServices,
): Promise<readonly Diagnostic[]> {
  const tooMany = await excess(step, state, services);
  // An API that announced more than it listed has left something out.
  const isShort = found.some(({ code }) => code === 'ETL0419');
  const mappings = tooMany.length > 0 || isShort ? [] : services.mappings;
  for (const mapping of mappings) await bury(step, mapping, state, services);
  return tooMany;
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

/** A listing that was short looks like one from which much is gone. */
async function excess(
  step: SweepStep,
  { firstPage }: SweepState,
  { staging, mappings }: SweepServices,
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const mapping of mappings) {
    const { known, unseen } = await staging.unseen(mapping, firstPage, 0);
    if (unseen > known * step.sweep.threshold) found.push(tooManyGone(step, mapping, known, unseen));
  }
  return found;
}

const counted = (count: number): string => count.toLocaleString('en-US');

const tooManyGone = (step: SweepStep, { name }: MappingPlan, known: number, unseen: number): Diagnostic =>
  complaint(
    'ETL0470',
    `${step.id} no longer finds ${counted(unseen)} of ${counted(known)} records of ${name}, more than ${step.sweep.threshold * 100} %`,
    'Nothing was deleted: a listing that ended early looks the same.',
    'If these records really are gone, raise `threshold` of the sweep; otherwise check `paginate` and the filters of the request.',
  );

/** Lists what was not seen as gone, page by page. A record that one page lists is no longer unseen. */
async function bury(
  step: SweepStep,
  mapping: MappingPlan,
  { firstPage }: SweepState,
  { staging, run, map, committed }: SweepServices,
): Promise<void> {
  const cursorKey = mapping.versionedBy ?? 'cursor';
  for (;;) {
    const { records } = await staging.unseen(mapping, firstPage, goneMax);
    if (records.length === 0) return;
    const id = await staging.reservePages(1);
    const listed = records.map(({ record, cursor }) => ({ record, [cursorKey]: cursor }));
    const { body, rows } = await map(id, Buffer.from(JSON.stringify(listed)));
    const page: StagedPage = {
      id,
      run,
      request: { method: 'GET', url: `/${step.gone.name}`, headers: {} },
      status: 200,
      records: records.length,
      bodyHash: `${step.gone.name} ${id}`,
      body,
      rows,
      position: { shape: step.gone.shape },
    };
    await staging.commit(step.gone, [page]);
    committed(page);
  }
}
