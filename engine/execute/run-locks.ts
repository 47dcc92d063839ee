import { accountStream, ofAccounts, streamName } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { assert, TransientError } from '../model/errors.ts';
import { extractLock, heldBy, holderText, loadLock, lostLock } from '../model/locks.ts';
import type { Plan, Step, StreamPlan } from '../model/plan.ts';
import type { Clock, Progress } from '../model/ports.ts';
import type { LockView, WorkLocks } from '../model/state-port.ts';

/** Loading takes turns: whoever comes second waits so long for the first to be done. */
const loadWaitMaxMs = 15 * 60_000;
const pollMs = 1000;

export interface RunLocksOptions {
  readonly locks: WorkLocks;
  readonly clock: Clock;
  readonly run: string;
  readonly progress: Progress;
}

/** The locks of one run: of every stream that it reads, and of the warehouse while it loads. */
export class RunLocks {
  readonly #options: RunLocksOptions;
  readonly #held = new Map<string, AbortController>();
  readonly #refused = new Map<string, LockView>();
  readonly #stop = new AbortController();
  #renewal: Promise<void> | undefined;
  #loading: Promise<AbortSignal> | undefined;

  constructor(options: RunLocksOptions) {
    this.#options = options;
  }

  /** Takes the locks of all streams of a plan that are free. Another run has the others. */
  async takeStreams(plan: Plan): Promise<void> {
    for (const stream of streamsOf(plan)) {
      const name = extractLock(stream);
      const holder = await this.#take(name, `reading ${accountStream(stream)}`);
      if (holder !== undefined) this.#refused.set(name, holder);
    }
  }

  /** Why nothing of the plan can be done, when another run has every stream of it. */
  get refusal(): readonly Diagnostic[] {
    if (this.#held.size > 0) return [];
    return [...this.#refused.values()].map((holder) => this.#heldBy(holder));
  }

  /** Whether another run reads the stream that a mapping is made of, for any account. */
  isRefused(stream: string): boolean {
    return this.#holderOf(stream) !== undefined;
  }

  /** Leaves a stream to the run that reads it for one of its accounts: what it stages must not change under its hands. */
  leave(stream: string): void {
    const holder = this.#holderOf(stream);
    if (holder === undefined) return;
    for (const name of this.#held.keys()) if (isOf(name, stream)) this.#refused.set(name, holder);
  }

  #holderOf(stream: string): LockView | undefined {
    return [...this.#refused].find(([name]) => isOf(name, stream))?.[1];
  }

  /** What a step needs a lock for is its own then; aborted when it is lost. @throws TransientError when another run has it. */
  async admit(step: Step, signal: AbortSignal): Promise<AbortSignal> {
    if (!('stream' in step)) return this.loading(signal);
    const name = extractLock(step.stream);
    const holder = step.kind === 'rename' ? this.#holderOf(streamName(step.stream)) : this.#refused.get(name);
    if (holder !== undefined) throw new TransientError(this.#heldBy(holder));
    const lost = this.#held.get(name)?.signal;
    assert(lost, `the run has taken the lock ${name}`);
    return lost;
  }

  /** Waits until nobody else loads. @throws TransientError when that takes too long. */
  async loading(signal: AbortSignal): Promise<AbortSignal> {
    this.#loading ??= this.#waitForLoading(signal);
    return this.#loading;
  }

  /** Renews what is held now, so that a process that stood still learns of it. @throws TransientError when `name` is lost. */
  async confirm(name: string): Promise<void> {
    await this.#renew();
    this.#held.get(name)?.signal.throwIfAborted();
  }

  async releaseStreams(): Promise<void> {
    await this.#release([...this.#held.keys()].filter((name) => name !== loadLock));
  }

  async releaseLoading(): Promise<void> {
    this.#loading = undefined;
    await this.#release([...this.#held.keys()].filter((name) => name === loadLock));
  }

  /** Releases everything. What cannot be released expires. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#renewal;
    await this.#release([...this.#held.keys()]).catch(() => {});
  }

  async #waitForLoading(signal: AbortSignal): Promise<AbortSignal> {
    const { clock, progress } = this.#options;
    const startMs = clock.now();
    for (;;) {
      const holder = await this.#take(loadLock, 'loading the warehouse');
      const lost = this.#held.get(loadLock)?.signal;
      if (holder === undefined && lost !== undefined) return lost;
      assert(holder, 'somebody has the lock');
      const waitedMs = clock.now() - startMs;
      if (waitedMs >= loadWaitMaxMs) throw new TransientError(this.#heldBy(holder));
      progress.update({
        kind: 'lock',
        holder: `run ${holder.run} (${holderText(holder)}) is ${holder.what}`,
        waitedMs,
      });
      await clock.sleep(pollMs, signal);
    }
  }

  async #take(name: string, what: string): Promise<LockView | undefined> {
    const { locks, run } = this.#options;
    const holder = await locks.take({ name, run, what });
    if (holder !== undefined) return holder;
    this.#held.set(name, new AbortController());
    this.#renewal ??= this.#keepRenewing();
    return undefined;
  }

  async #release(names: readonly string[]): Promise<void> {
    for (const name of names) this.#held.delete(name);
    if (names.length > 0) await this.#options.locks.release(names);
  }

  /** Three times in the life of a lock. While the database cannot be reached, the locks last until they expire. */
  async #keepRenewing(): Promise<void> {
    const { clock, locks } = this.#options;
    const { signal } = this.#stop;
    let renewedMs = clock.now();
    for (;;) {
      await clock.sleep(locks.ttlMs / 3, signal).catch(() => {});
      if (signal.aborted) return;
      const failure = await this.#renew().catch((error: unknown) => ({ error }));
      if (failure === undefined) renewedMs = clock.now();
      else if (clock.now() - renewedMs >= locks.ttlMs) this.#loseAll(failure.error);
    }
  }

  #loseAll(error: unknown): void {
    for (const lost of this.#held.values()) lost.abort(error);
  }

  async #renew(): Promise<void> {
    const asked = [...this.#held];
    const still = await this.#options.locks.renew();
    for (const [name, lost] of asked) {
      if (still.has(name) || this.#held.get(name) !== lost) continue;
      lost.abort(lostLock(name));
    }
  }

  #heldBy(holder: LockView): Diagnostic {
    return heldBy(holder, this.#options.clock.now());
  }
}

/** Whether a lock is of a stream, for whichever account. */
const isOf = (lock: string, stream: string): boolean => lock.split('@')[0] === `extract:${stream}`;

/** Every stream that a plan reads or maps again, once. */
function streamsOf({ steps }: Plan): readonly StreamPlan[] {
  const found = new Map<string, StreamPlan>();
  for (const step of steps) {
    if (!('stream' in step)) continue;
    // A rename is of all accounts.
    const all = step.kind === 'rename' ? ofAccounts(step.stream, step.accounts) : [step.stream];
    for (const stream of all) found.set(extractLock(stream), stream);
  }
  return [...found.values()];
}
