import { Worker } from 'node:worker_threads';
import { accountStream, atAccount, ofAccounts, streamName } from '../model/accounts.ts';
import type {
  FoundParent,
  LookupAsk,
  LookupReply,
  MappedPage,
  MappedRows,
  PageFacts,
  PageFailure,
} from '../model/batch.ts';
import { assert, complaint, type ExplainedError, TerminalError, TransientError } from '../model/errors.ts';
import type { Forgotten } from '../model/forget.ts';
import type { ExtractStep, LoadStep, MappingPlan, Plan, StreamPlan, SweepStep } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import { needsRows } from '../model/staged-rows.ts';
import { readStreams } from '../model/stream-refs.ts';
import { LocalWorker, type TaskWorker } from './local-worker.ts';
import type { LookedUp, Program, WorkerAnswer, WorkerSetup, WorkerTask } from './protocol.ts';
import type { RunServices } from './run-services.ts';
import { transferable } from './transferable.ts';

interface Pending {
  readonly worker: TaskWorker;
  facts(facts: PageFacts): void;
  mapped(mapped: MappedPage): void;
  remapped(rows: readonly MappedRows[]): void;
  parents(found: readonly FoundParent[]): void;
  look: LookUp;
  fail(error: unknown): void;
}

/** Gives the replies to what a page asks for. */
type LookUp = (asks: readonly LookupAsk[]) => Promise<readonly LookupReply[]>;

const noLookups: LookUp = async () => [];

export interface PageWork {
  readonly facts: Promise<PageFacts>;
  readonly mapped: Promise<MappedPage>;
}

interface Resolvable<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function resolvable<T>(): Resolvable<T> {
  let settle: Omit<Resolvable<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as Omit<Resolvable<T>, 'promise'>) };
}

/**
 * Worker threads that parse and map pages; each page goes to the one with the fewest. A thread is dear to start: the first
 * small pages are mapped without one, and another is started by the first page that finds all others busy.
 */
export class WorkerPool {
  readonly #setup: WorkerSetup;
  readonly #size: number;
  readonly #local: LocalWorker;
  readonly #workers: Worker[] = [];
  readonly #pending = new Map<number, Pending>();
  #tasks = 0;
  #closing = false;

  constructor(setup: WorkerSetup, size: number) {
    this.#setup = setup;
    this.#size = size;
    this.#local = new LocalWorker(setup, (answer) => this.#receive(answer));
  }

  /**
   * Maps a page as received, and takes its bytes: they cannot be used any more. `look` is asked for what its records
   * refer to. Both promises reject with an ExplainedError when it cannot be read.
   */
  map(page: Omit<WorkerTask, 'task' | 'kept'>, look: LookUp = noLookups): PageWork {
    const facts = resolvable<PageFacts>();
    const mapped = resolvable<MappedPage>();
    // Whoever awaits the facts learns of a failure there; the rows' promise must not count as unhandled meanwhile.
    mapped.promise.catch(() => {});
    this.#send(
      { ...page, kept: false },
      {
        facts: facts.resolve,
        mapped: mapped.resolve,
        look,
        fail: (error) => {
          facts.reject(error);
          mapped.reject(error);
        },
      },
    );
    return { facts: facts.promise, mapped: mapped.promise };
  }

  /** Maps a kept page again, and takes its bytes. */
  remap(page: Omit<WorkerTask, 'task' | 'kept' | 'from'>): Promise<readonly MappedRows[]> {
    return new Promise((remapped, fail) => this.#send({ ...page, kept: true }, { remapped, fail }));
  }

  /** Reads the parents of a stream from a kept page of theirs, and takes its bytes. */
  parents(page: Omit<WorkerTask, 'task' | 'kept' | 'parents'>): Promise<readonly FoundParent[]> {
    return new Promise((parents, fail) =>
      this.#send({ ...page, kept: true, parents: true }, { parents, fail }),
    );
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([this.#local, ...this.#workers].map((worker) => worker.terminate()));
  }

  /** The worker with the fewest pages: a new one, where all have some and there may be more. */
  #leastBusy(): Worker {
    const pages = [...this.#pending.values()];
    const [least] = this.#workers
      .map((worker) => [worker, pages.filter((page) => page.worker === worker).length] as const)
      .sort(([, a], [, b]) => a - b);
    return least === undefined || (least[1] > 0 && this.#workers.length < this.#size)
      ? this.#start()
      : least[0];
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: this.#setup });
    this.#workers.push(worker);
    worker.on('message', (answer: WorkerAnswer) => this.#receive(answer));
    worker.on('error', (error) => this.#abandon(worker, error));
    worker.on('exit', (code) => {
      if (!this.#closing) this.#abandon(worker, new Error(`a mapping worker ended with code ${code}`));
    });
    return worker;
  }

  #send(task: Omit<WorkerTask, 'task'>, handlers: Partial<Pending> & Pick<Pending, 'fail'>): void {
    const worker = this.#local.takes(task) ? this.#local : this.#leastBusy();
    this.#tasks += 1;
    const ignore = (): void => {};
    this.#pending.set(this.#tasks, {
      facts: ignore,
      mapped: ignore,
      remapped: ignore,
      parents: ignore,
      look: noLookups,
      ...handlers,
      worker,
    });
    const bytes = transferable([task.body, task.zipped]);
    worker.postMessage({ ...task, task: this.#tasks } satisfies WorkerTask, bytes);
  }

  #receive(answer: WorkerAnswer): void {
    const pending = this.#pending.get(answer.task);
    if (pending === undefined) return;
    if ('asks' in answer) return void this.#look(answer.task, pending, answer.asks);
    if (!('facts' in answer)) this.#pending.delete(answer.task);
    if ('facts' in answer) pending.facts(answer.facts);
    else if ('mapped' in answer) pending.mapped(answer.mapped);
    else if ('remapped' in answer) pending.remapped(answer.remapped);
    else if ('parents' in answer) pending.parents(answer.parents);
    else pending.fail('failure' in answer ? explained(answer.failure) : new Error(answer.crash));
  }

  /** The worker keeps the page until it is told the replies, or that there are none. */
  async #look(task: number, pending: Pending, asks: readonly LookupAsk[]): Promise<void> {
    try {
      const replies = await pending.look(asks);
      pending.worker.postMessage({ task, replies } satisfies LookedUp);
    } catch (error) {
      this.#pending.delete(task);
      pending.worker.postMessage({ task } satisfies LookedUp);
      pending.fail(error);
    }
  }

  #abandon(worker: Worker, error: unknown): void {
    const index = this.#workers.indexOf(worker);
    if (index >= 0) this.#workers.splice(index, 1);
    for (const [task, pending] of this.#pending) {
      if (pending.worker !== worker) continue;
      this.#pending.delete(task);
      pending.fail(error);
    }
  }
}

const withoutExpired = (mapping: MappingPlan, nowMs: number): MappingPlan =>
  mapping.overrides === undefined
    ? mapping
    : { ...mapping, overrides: mapping.overrides.filter(({ untilMs }) => untilMs > nowMs) };

type PoolServices = Pick<RunServices, 'references' | 'clock' | 'forgetting' | 'tokenised'>;

/** The pool for a plan: a program for each stream that is read, and one for each mapping that is mapped again. */
export async function workerPool(
  plan: Plan,
  { references, clock, forgetting, tokenised }: PoolServices,
  workers: number,
): Promise<WorkerPool> {
  const [nowMs, forgotten] = [clock.now(), await forgetting?.known()];
  const find = (names: readonly string[]): readonly MappingPlan[] =>
    names.flatMap((name) => plan.mappings[name] ?? []).map((mapping) => withoutExpired(mapping, nowMs));
  const unstaged = unstagedMappings(plan);
  const programs = plan.steps.flatMap((step): Program[] => {
    if (step.kind === 'remap') return [{ id: step.id, stream: step.stream, mappings: find([step.mapping]) }];
    if (step.kind !== 'extract' && step.kind !== 'sweep') return [];
    return readStreams(step).map((stream) => ({
      id: accountStream(stream),
      stream,
      mappings: find(readersOf(step, stream)),
      bytesMax: plan.sources[stream.source]?.maxResponseBytes ?? 0,
      unstaged,
    }));
  });
  const setup = {
    programs,
    ...secrets(plan, references),
    ...(forgotten && { forgotten }),
    ...(tokenised && { tokenised }),
  };
  return new WorkerPool(setup, workers);
}

/** Who reads a stream of a step: what a listing lacks concerns only tables that hold just what it has. */
const readersOf = (step: ExtractStep | SweepStep, stream: StreamPlan): readonly string[] =>
  step.kind === 'extract' && step.replaces?.gone === stream ? step.replaces.mappings : step.mappings;

/** The program that makes the rows of a mapping of kept pages of an account. */
export const rowsProgram = (mapping: string, account: string): string => atAccount(mapping, account);

/** A pool of one worker that makes the rows of a mapping of kept pages; see `rowsProgram`. */
export function rowsPool(
  plan: Plan,
  references: References,
  mapping: MappingPlan,
  nowMs: number,
  forgotten?: Forgotten,
): WorkerPool {
  const step = plan.steps.find((one) => one.kind === 'load' && one.mapping === mapping.name);
  const { from: stream, accounts, left = [] }: Partial<LoadStep> = step?.kind === 'load' ? step : {};
  assert(stream, `the plan knows the stream of ${mapping.name}`);
  const all = [...ofAccounts(stream, accounts), ...ofAccounts(stream, left)];
  const programs = all.map((one) => ({
    id: rowsProgram(mapping.name, one.account),
    stream: one,
    mappings: [withoutExpired(mapping, nowMs)],
  }));
  return new WorkerPool({ programs, ...secrets(plan, references), ...(forgotten && { forgotten }) }, 1);
}

/** A pool of one worker that makes the rows of kept pages, for every mapping of a stream at once. */
export function streamPool(
  plan: Plan,
  references: References,
  nowMs: number,
  forgotten?: Forgotten,
): WorkerPool {
  const mappings = Object.values(plan.mappings).map((mapping) => withoutExpired(mapping, nowMs));
  const programs = plan.steps.flatMap((step): Program[] => {
    if (step.kind !== 'extract') return [];
    const { stream: read } = step;
    const own = mappings.filter(({ stream }) => stream === streamName(read));
    return [{ id: accountStream(read), stream: read, mappings: own }];
  });
  return new WorkerPool({ programs, ...secrets(plan, references), ...(forgotten && { forgotten }) }, 1);
}

/** Mappings whose rows need not be staged with their pages. */
const unstagedMappings = (plan: Plan): readonly string[] =>
  plan.staging.rows === false
    ? Object.keys(plan.mappings).filter((name) => needsRows(plan, name) === undefined)
    : [];

function secrets(plan: Plan, references: References): Omit<WorkerSetup, 'programs'> {
  const { piiKey, pageKey } = plan;
  return {
    ...(piiKey !== undefined && { piiKey: references.resolve(piiKey) }),
    ...(pageKey !== undefined && { pageKey: references.resolve(pageKey) }),
  };
}

const explained = ({ code, summary, help, transient }: PageFailure): ExplainedError =>
  new (transient ? TransientError : TerminalError)(complaint(code, summary, ...help));
