import { accountStream } from '../model/accounts.ts';
import { cursorText, type FoundParent, type ParentBatch, type ParentPlace } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import type { ParentPlan, StreamPlan } from '../model/plan.ts';
import type { ParentPosition, Staging } from '../model/ports.ts';
import { windowStart } from '../model/position.ts';
import type { RunServices } from './run-services.ts';
import type { WorkerPool } from './worker-pool.ts';

/** A parent and where the stream stands with it. */
interface Wanted extends FoundParent {
  readonly position: ParentPosition | undefined;
}

/** Finds the parents of a stream whose children are to be read: those of kept pages behind a place, in batches. */
export const parentsOf = (stream: StreamPlan, staging: Staging, pool: WorkerPool) =>
  async function* parents(after: ParentPlace): AsyncGenerator<ParentBatch> {
    const { parent, source, account } = stream;
    if (parent === undefined) return;
    const read = { source, account, name: parent.stream };
    const chosen = await chosenBy(stream, staging, after);
    for await (const { id, body } of staging.pages(read, { from: after.page })) {
      if (chosen !== undefined && id > chosen.walk.until) return;
      const found = await pool.parents({ program: accountStream(stream), page: id, body });
      const left = found.filter(({ ordinal }) => id !== after.page || ordinal >= after.behind);
      const wanted = (await chosen?.among(left, id)) ?? left;
      yield* batches(parent, { page: id, wanted, walk: chosen?.walk });
    }
  };

/** Nothing where a listing begins anew for all parents. */
async function chosenBy(
  stream: StreamPlan,
  staging: Staging,
  { window, until }: ParentPlace,
): Promise<Chosen | undefined> {
  if (stream.parent?.kept === undefined) return undefined;
  const walk =
    window === undefined || until === undefined ? await newWalk(stream, staging) : { window, until };
  return new Chosen(stream, staging, walk);
}

/**
 * One way through the pages that are kept when it begins. A parent that is listed in a later page may have changed after it
 * was asked for: that page is of the next walk.
 */
type Walk = Required<Pick<ParentPlace, 'window' | 'until'>>;

const newWalk = async (stream: StreamPlan, staging: Staging): Promise<Walk> => ({
  until: await newestParents(stream, staging),
  window: await staging.reservePages(1),
});

/**
 * Reads a stream. One that is read for each record of another has passed, once a new window of it has ended, all pages that were kept
 * before, also those behind the last that has asked for something: retention keeps none of them for it.
 */
export async function passing<T>(
  stream: StreamPlan,
  { staging, state }: Pick<RunServices, 'staging' | 'state'>,
  read: () => Promise<T>,
): Promise<T> {
  if (stream.parent === undefined) return read();
  const newest = await newestParents(stream, staging);
  // One that goes on may end at a page that is older.
  const { open } = await staging.position(stream);
  const found = await read();
  if (newest > 0 && open === undefined)
    await state.positions.pass(stream, cursorText('integer', String(newest)));
  return found;
}

/** The newest kept page of the stream whose records are parents; 0 where there is none. */
async function newestParents({ source, account, parent }: StreamPlan, staging: Staging): Promise<number> {
  let newest = 0;
  const read = { source, account, name: parent?.stream ?? '' };
  for await (const { id } of staging.pages(read, { newest: 1 })) newest = id;
  return newest;
}

interface WantedOfPage {
  readonly page: number;
  readonly wanted: readonly (FoundParent & Partial<Wanted>)[];
  readonly walk: Walk | undefined;
}

function* batches(parent: ParentPlan, { page, wanted, walk }: WantedOfPage): Generator<ParentBatch> {
  for (let at = 0; at < wanted.length; at += parent.batch)
    yield batchOf(parent, page, wanted.slice(at, at + parent.batch), walk);
}

function batchOf(
  { cursor }: ParentPlan,
  page: number,
  batch: readonly (FoundParent & Partial<Wanted>)[],
  walk: Walk | undefined,
): ParentBatch {
  const last = batch.at(-1);
  assert(last, 'a batch has a parent');
  const known = batch.map(({ position }) => position?.cursor).sort();
  // `sort` puts what is unknown last: one parent that is new makes all of its batch be read from the start.
  const from = windowStart(cursor, known.at(-1) === undefined ? undefined : known[0]);
  const reached = known.findLast((one) => one !== undefined);
  return {
    parent: {
      page,
      behind: last.ordinal + 1,
      values: batch.map(({ values }) => values),
      ...walk,
      ...(reached !== undefined && { reached }),
    },
    ...(from !== undefined && { from }),
  };
}

/** Parents that are remembered until their positions are surely staged. */
const recentMax = 10_000;

/** Which parents a window still has to ask for: each of them once, however many pages it is in. */
class Chosen {
  readonly walk: Walk;
  readonly #stream: StreamPlan;
  readonly #staging: Staging;
  readonly #recent = new Set<string>();

  constructor(stream: StreamPlan, staging: Staging, walk: Walk) {
    this.#stream = stream;
    this.#staging = staging;
    this.walk = walk;
  }

  async among(found: readonly FoundParent[], page: number): Promise<readonly Wanted[]> {
    const positions = await this.#staging.parents(
      this.#stream,
      found.map(({ values }) => values),
    );
    return found
      .map((one, at): Wanted => ({ ...one, position: positions[at] }))
      .filter(({ values, position }) => !this.#isDone(position, page) && this.#isNew(values));
  }

  /** One that is gone is asked for again once it is listed again. */
  #isDone(position: ParentPosition | undefined, page: number): boolean {
    if (position === undefined) return false;
    return position.window === this.walk.window || page <= (position.gone ?? 0);
  }

  /** Not among those that are on their way to staging. */
  #isNew(values: FoundParent['values']): boolean {
    const key = JSON.stringify(values);
    if (this.#recent.has(key)) return false;
    const [oldest] = this.#recent;
    if (oldest !== undefined && this.#recent.size >= recentMax) this.#recent.delete(oldest);
    this.#recent.add(key);
    return true;
  }
}
