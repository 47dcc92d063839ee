import { expect } from 'chai';
import { parentsOf } from '../../engine/execute/parents.ts';
import type { WorkerPool } from '../../engine/execute/worker-pool.ts';
import type { ParentBatch, ParentPlace, ParentValues } from '../../engine/model/batch.ts';
import type { StreamPlan } from '../../engine/model/plan.ts';
import { openStaging } from '../../engine/services/staging/staging.ts';
import { notesPlan } from '../contracts/parents-contract.ts';
import { stagedPage, stillClock, streamPlan } from '../contracts/staging-samples.ts';

/** Numbers that look like chance, the same ones for each seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** The workers' part: a page is a list of ids. */
const pool = {
  parents: async ({ body }: { readonly body: Uint8Array }) =>
    (JSON.parse(Buffer.from(body).toString()) as string[]).map((id, ordinal) => ({
      ordinal,
      values: { id },
    })),
} as unknown as WorkerPool;

/** Children that come at times of their own; a request gets those from a time on. */
class World {
  readonly children = new Map<string, number[]>();
  readonly read = new Map<string, Set<number>>();
  #now = 0;

  grow(id: string): void {
    this.#now += 1;
    this.children.set(id, [...(this.children.get(id) ?? []), this.#now]);
  }

  ask(values: readonly ParentValues[], from = '0'): string | undefined {
    const all = values.flatMap((one) => this.#of(String(one['id']), Number(from)));
    return all.length === 0 ? undefined : String(Math.max(...all)).padStart(4, '0');
  }

  #of(id: string, from: number): readonly number[] {
    const found = (this.children.get(id) ?? []).filter((at) => at >= from);
    this.read.set(id, new Set([...(this.read.get(id) ?? []), ...found]));
    return found;
  }
}

/** A project whose orders are listed, and whose notes are read for them by runs that may end anywhere. */
class Project {
  readonly world = new World();
  readonly listed = new Set<string>();
  readonly #orders = streamPlan({ name: 'orders' });
  readonly #stream: StreamPlan;
  readonly #staging = openStaging({ storage: ':memory:', environment: 'dev', clock: stillClock });
  #open: ParentPlace | undefined;
  #page = 0;
  #asked = new Set<string>();

  constructor(stream: StreamPlan) {
    this.#stream = stream;
  }

  async begin(): Promise<void> {
    await this.#staging.migrate();
  }

  async list(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.listed.add(id);
    const body = Buffer.from(JSON.stringify(ids));
    const id = await this.#staging.reservePages(1);
    await this.#staging.commit(this.#orders, [{ ...stagedPage({ id }), rows: [], body }]);
  }

  /** Goes on in the walk that is open, or begins one; it stops after so many requests. */
  async walk(requestsMax: number, meanwhile: () => Promise<void>): Promise<void> {
    if (this.#open === undefined) this.#asked = new Set();
    const page = this.#stream.parent?.all ? 0 : this.#page;
    const start = this.#open ?? { page, behind: Number.MAX_SAFE_INTEGER, values: [] };
    let requests = 0;
    for await (const found of parentsOf(this.#stream, this.#staging, pool)(start)) {
      if (requests === requestsMax) return;
      requests += 1;
      await this.#ask(found);
      await meanwhile();
    }
    this.#page = Math.max(this.#page, this.#open?.page ?? 0);
    this.#open = undefined;
  }

  close(): Promise<void> {
    return this.#staging.close();
  }

  async #ask({ parent, from }: ParentBatch): Promise<void> {
    const { values, window = 0 } = parent;
    for (const { id } of values) {
      expect(this.#asked.has(String(id)), `${id} is asked for twice`).to.equal(false);
      this.#asked.add(String(id));
    }
    const reached = [this.world.ask(values, from), parent.reached].filter((one) => one !== undefined);
    const cursor = reached.sort().at(-1);
    const parents = { values, window, ...(cursor !== undefined && { cursor }) };
    const id = await this.#staging.reservePages(1);
    const position = { shape: this.#stream.shape };
    await this.#staging.commit(this.#stream, [{ ...stagedPage({ id }), rows: [], position, parents }]);
    this.#open = parent;
  }
}

/** All that has come is read in the end, whatever was listed when, and wherever runs have ended. */
async function simulate(seed: number, stream: StreamPlan): Promise<void> {
  const below = chance(seed);
  const project = new Project(stream);
  await project.begin();
  const change = async (): Promise<void> => {
    const ids = [...new Set(Array.from({ length: 1 + below(4) }, () => `o${below(9)}`))];
    for (const id of ids) project.world.grow(id);
    // Where only changed parents are read, a parent changes with its children.
    if (!stream.parent?.all || below(2) === 0) await project.list(ids);
  };
  const sometimes = async (): Promise<void> => {
    if (below(4) === 0) await change();
  };
  for (let step = 0; step < 25; step += 1) {
    await change();
    if (below(3) > 0) await project.walk(below(5), sometimes);
  }
  for (const _ of [1, 2]) await project.walk(Number.POSITIVE_INFINITY, async () => {});
  const { read, children } = project.world;
  for (const id of project.listed)
    expect([...(read.get(id) ?? [])], id).to.have.members(children.get(id) ?? []);
  await project.close();
}

describe('parents with positions', function () {
  this.timeout(60_000);

  for (const batch of [1, 3])
    for (const all of [true, false])
      it(`are each asked for once in a walk, and none of their children is missed: ${all ? 'all' : 'changed'}, ${batch} at once`, async () => {
        const stream = notesPlan({ batch, ...(all && { all: true }) });
        for (let seed = 1; seed <= 20; seed += 1) await simulate(seed, stream);
      });
});
