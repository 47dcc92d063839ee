import { isOfParent, type MappedPage, type ReceivedPage } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { CursorPlan, StreamPlan } from '../../model/plan.ts';
import type { OpenWindow, PageWindow, Position, StagedPage, Staging } from '../../model/ports.ts';

/** Pages received and not yet staged, at most. */
const pagesAheadMax = 4;
/** Pages in one staging transaction, at most. */
const pagesPerCommitMax = 16;

export interface StageServices {
  readonly staging: Staging;
  readonly run: string;
  /** Told of every page once it is committed. */
  readonly committed: (page: StagedPage) => void;
  /** Ends the extraction at once: whatever it waits for is not needed any more. */
  readonly abandon: () => void;
}

interface Flight {
  readonly page: ReceivedPage;
  mapped: MappedPage | undefined;
}

/**
 * Stages pages in order, whole pages in each transaction, while the next ones are fetched and mapped. When extraction
 * fails or is interrupted, what was received before is staged first.
 */
export async function stage(
  stream: StreamPlan,
  pages: AsyncIterable<ReceivedPage>,
  start: Position,
  services: StageServices,
): Promise<void> {
  const line = new StagingLine(stream, start, services);
  try {
    for await (const page of ahead(pages, services.abandon)) await line.add(page);
  } catch (error) {
    if (!line.isBroken) await line.drain();
    throw error;
  }
  await line.drain();
}

/** Asks for the next page before the one at hand is dealt with, so that a request is under way during a commit. */
async function* ahead(pages: AsyncIterable<ReceivedPage>, abandon: () => void): AsyncIterable<ReceivedPage> {
  const iterator = pages[Symbol.asyncIterator]();
  let pending = iterator.next();
  try {
    for (let result = await pending; result.done !== true; result = await pending) {
      pending = iterator.next();
      // Whoever awaits it next learns of a failure; until then it must not count as unhandled.
      pending.catch(() => {});
      yield result.value;
    }
  } finally {
    abandon();
    await iterator.return?.();
  }
}

/** The pages in flight, and where the stream stands. */
class StagingLine {
  readonly #stream: StreamPlan;
  readonly #services: StageServices;
  readonly #flights: Flight[] = [];
  #position: Position;
  /** Pages could not be committed: those behind them must not be, or the position would pass what is lost. */
  isBroken = false;

  constructor(stream: StreamPlan, start: Position, services: StageServices) {
    this.#stream = stream;
    this.#services = services;
    this.#position = start;
  }

  async add(page: ReceivedPage): Promise<void> {
    const flight: Flight = { page, mapped: undefined };
    page.mapped.then(
      (mapped) => {
        flight.mapped = mapped;
      },
      () => {},
    );
    this.#flights.push(flight);
    if (this.#flights.length >= pagesAheadMax) await this.#commitReady();
  }

  async drain(): Promise<void> {
    while (this.#flights.length > 0) await this.#commitReady();
  }

  /** Waits for the oldest page, and commits it with those behind it that are mapped already. */
  async #commitReady(): Promise<void> {
    const first = this.#flights[0];
    assert(first, 'a page is in flight');
    first.mapped = await first.page.mapped;
    const unready = this.#flights.findIndex(({ mapped }) => mapped === undefined);
    const ready = this.#flights.splice(
      0,
      Math.min(unready === -1 ? this.#flights.length : unready, pagesPerCommitMax),
    );
    const staged = ready.map((flight) => this.#stagedPage(flight));
    this.isBroken = true;
    await this.#services.staging.commit(this.#stream, staged);
    this.isBroken = false;
    for (const page of staged) this.#services.committed(page);
  }

  #stagedPage({ page, mapped }: Flight): StagedPage {
    assert(mapped, 'the page is mapped');
    this.#position = advance(this.#position, page, this.#stream);
    return {
      id: page.id,
      run: this.#services.run,
      request: page.request,
      status: page.status,
      records: page.facts.records - (page.facts.beyond ?? 0),
      bodyHash: page.facts.bodyHash,
      body: mapped.body,
      rows: mapped.rows,
      ...(mapped.forgotten !== undefined && { forgotten: mapped.forgotten }),
      position: this.#position,
      window: windowOf(page),
      ...parentsDone(page, this.#stream),
    };
  }
}

/** Where the stream stands with the parents of a page, once it is the last one of them. */
function parentsDone(
  { request, next, facts, startedAt }: ReceivedPage,
  stream: StreamPlan,
): Pick<StagedPage, 'parents'> {
  const parent = request.at?.parent;
  if (parent?.window === undefined || isOfParent(next, parent)) return {};
  const { values, window, until = 0 } = parent;
  const cursor = boundedBy(startedAt, stream.parent?.cursor, facts.reached);
  return {
    parents: { values, window, ...(cursor !== undefined && { cursor }), ...(facts.gone && { gone: until }) },
  };
}

/** Of a listing that goes on beyond the window the total says nothing. */
const windowOf = ({ number, from, next, facts: { total, outside, beyond } }: ReceivedPage): PageWindow => ({
  number,
  isLast: next === undefined,
  outside,
  ...(from !== undefined && { from }),
  ...(total !== undefined && beyond === undefined && { total }),
});

/**
 * Where a stream stands after a page. The cursor moves only when a window ends, since listings need not be in its order,
 * and never beyond the time at which the window began: a record that was read early may have changed while the rest of a
 * long listing was read, and one with a time in the future must not hide what changes until then. A pinned window ends where
 * it was to end.
 */
function advance(position: Position, page: ReceivedPage, { cursor: plan, pinned }: StreamPlan): Position {
  const before = page.number === 1 ? undefined : position.open?.cursorMax;
  const cursorMax = later(before, page.facts.cursorMax);
  const base = position.shape === undefined ? {} : { shape: position.shape };
  if (page.next === undefined) {
    const reached = boundedBy(page.startedAt, plan, cursorMax);
    const cursor = pinned?.to ?? later(position.cursor, reached);
    return { ...base, ...(cursor !== undefined && { cursor }) };
  }
  const open: OpenWindow = {
    ...(page.from !== undefined && { from: page.from }),
    ...(cursorMax !== undefined && { cursorMax }),
    startedAt: page.startedAt,
    pages: page.number,
    next: page.next,
  };
  return { ...base, ...(position.cursor !== undefined && { cursor: position.cursor }), open };
}

const boundedBy = (
  startedAt: string,
  plan: CursorPlan | undefined,
  reached: string | undefined,
): string | undefined =>
  plan?.type !== 'timestamp' || reached === undefined || reached < startedAt ? reached : startedAt;

const later = (a: string | undefined, b: string | undefined): string | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
};
