import { accountStream } from '../model/accounts.ts';
import type { FoundParent, ParentBatch, ParentPlace } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import type { ParentPlan, StreamPlan } from '../model/plan.ts';
import type { ParentPosition, Staging } from '../model/ports.ts';
import { windowStart } from '../model/position.ts';
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
      const found = await pool.parents({ program: accountStream(stream), page: id, body });
      const left = found.filter(({ ordinal }) => id !== after.page || ordinal >= after.behind);
      const wanted = (await chosen?.among(left, id)) ?? left;
      yield* batches(parent, { page: id, wanted, window: chosen?.window });
    }
  };

/** Nothing where a listing begins anew for all parents. */
const chosenBy = async (
  stream: StreamPlan,
  staging: Staging,
  { window }: ParentPlace,
): Promise<Chosen | undefined> =>
  stream.parent?.kept && new Chosen(stream, staging, window ?? (await staging.reservePages(1)));

interface WantedOfPage {
  readonly page: number;
  readonly wanted: readonly (FoundParent & Partial<Wanted>)[];
  readonly window: number | undefined;
}

function* batches(parent: ParentPlan, { page, wanted, window }: WantedOfPage): Generator<ParentBatch> {
  for (let at = 0; at < wanted.length; at += parent.batch)
    yield batchOf(parent, page, wanted.slice(at, at + parent.batch), window);
}

function batchOf(
  { cursor }: ParentPlan,
  page: number,
  batch: readonly (FoundParent & Partial<Wanted>)[],
  window: number | undefined,
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
      ...(window !== undefined && { window }),
      ...(reached !== undefined && { reached }),
    },
    ...(from !== undefined && { from }),
  };
}

/** Parents that are remembered until their positions are surely staged. */
const recentMax = 10_000;

/** Which parents a window still has to ask for: each of them once, however many pages it is in. */
class Chosen {
  readonly window: number;
  readonly #stream: StreamPlan;
  readonly #staging: Staging;
  readonly #recent = new Set<string>();

  constructor(stream: StreamPlan, staging: Staging, window: number) {
    this.#stream = stream;
    this.#staging = staging;
    this.window = window;
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
    return position.window === this.window || (position.gone === true && page < position.window);
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
