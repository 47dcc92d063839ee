import type { Clock, FreezeOrder, FreezeStatus, Memory } from '../../model/ports.ts';
import type { AskLimit, BudgetStore, StoreStatus } from './store.ts';

/** How often the counts of long windows are kept. */
const keepEveryMs = 30_000;

/** What must not be forgotten when a shared store loses its state: counts of quotas, and what waits for a person. */
interface Kept {
  readonly freezes: readonly KeptFreeze[];
  readonly counts: readonly KeptCount[];
}

interface KeptFreeze {
  readonly order: FreezeOrder;
  /** Epoch milliseconds; absent until somebody thaws it. */
  readonly untilMs?: number;
}

interface KeptCount {
  readonly limit: AskLimit;
  /** Still left of the window. */
  readonly remaining: number;
  /** Epoch milliseconds until which that means anything. */
  readonly untilMs: number;
}

/** A store that tells when a domain was made anew. */
export interface ForgetfulStore extends BudgetStore {
  /** Called when an answer says that the store knew nothing of a domain: it is new, or the store has lost its state. */
  onBoot: (domain: string) => void;
}

/**
 * A shared store whose quotas and standing freezes outlive it: they are kept in a memory, and told to the store again
 * when it has lost them, before anything else is granted.
 */
export const keptStore = (store: ForgetfulStore, memory: Memory, clock: Clock): BudgetStore =>
  new KeptStore(store, memory, clock);

class KeptStore implements BudgetStore {
  readonly #store: ForgetfulStore;
  readonly #memory: Memory;
  readonly #clock: Clock;
  /** Limits that were asked for in this process, by domain: of others it knows nothing. */
  readonly #limits = new Map<string, Map<string, AskLimit>>();
  readonly #known = new Set<string>();
  /** Domains that the store knows nothing of, and was not told of yet. */
  readonly #lost = new Set<string>();
  readonly #restoring = new Map<string, Promise<void>>();
  #keptMs: number;

  constructor(store: ForgetfulStore, memory: Memory, clock: Clock) {
    this.#store = store;
    this.#memory = memory;
    this.#clock = clock;
    this.#keptMs = clock.now();
    store.onBoot = (domain) => {
      this.#lost.add(domain);
      // What fails is tried again before the next question.
      if (this.#known.has(domain)) this.#restored(domain).catch(() => {});
    };
  }

  ask: BudgetStore['ask'] = async (domain, ask, settled) => {
    await this.#remembered(domain);
    const limits = this.#limits.get(domain) ?? new Map<string, AskLimit>();
    this.#limits.set(domain, limits);
    for (const limit of ask.limits) limits.set(limit.id, { ...limit, partition: '' });
    const answer = await this.#store.ask(domain, ask, settled);
    if (this.#clock.now() < this.#keptMs + keepEveryMs) return answer;
    this.#keptMs = this.#clock.now();
    await this.#keepAll().catch(() => {});
    return answer;
  };

  settle: BudgetStore['settle'] = (domain, settled) => this.#store.settle(domain, settled);

  renew: BudgetStore['renew'] = (domain, leases) => this.#store.renew(domain, leases);

  freeze: BudgetStore['freeze'] = async (domain, order, random) => {
    const ms = await this.#store.freeze(domain, order, random);
    await this.#keep(domain);
    return ms;
  };

  /** What is kept is told first: else a freeze that the store has lost would come back. */
  thaw: BudgetStore['thaw'] = async (domain, scope) => {
    await this.#remembered(domain);
    const count = await this.#store.thaw(domain, scope);
    await this.#keep(domain);
    return count;
  };

  status: BudgetStore['status'] = async (domain, limits) => {
    await this.#remembered(domain);
    return this.#store.status(domain, limits);
  };

  watch: BudgetStore['watch'] = (domain, changed) => this.#store.watch(domain, changed);

  close: BudgetStore['close'] = async () => {
    await this.#keepAll().catch(() => {});
    await this.#store.close();
  };

  /** Before the first question a store says whether it knows the domain; what it has lost is told before that question. */
  async #remembered(domain: string): Promise<void> {
    if (!this.#known.has(domain)) await this.#store.status(domain, []);
    this.#known.add(domain);
    if (this.#lost.has(domain)) await this.#restored(domain);
  }

  #restored(domain: string): Promise<void> {
    const known = this.#restoring.get(domain);
    if (known !== undefined) return known;
    const restoring = this.#restore(domain).finally(() => this.#restoring.delete(domain));
    this.#restoring.set(domain, restoring);
    return restoring;
  }

  async #restore(domain: string): Promise<void> {
    const kept = await this.#recalled(domain);
    if (kept !== undefined) await tell(this.#store, domain, kept, this.#clock.now());
    this.#lost.delete(domain);
  }

  async #recalled(domain: string): Promise<Kept | undefined> {
    const text = await this.#memory.recall(memoryName(domain));
    return text === undefined ? undefined : (JSON.parse(text) as Kept);
  }

  async #keep(domain: string): Promise<void> {
    await this.#remembered(domain);
    const limits = [...(this.#limits.get(domain)?.values() ?? [])];
    let status = await this.#store.status(domain, limits);
    // The store may have said only now that it has lost what is kept.
    if (this.#lost.has(domain)) {
      await this.#restored(domain);
      status = await this.#store.status(domain, limits);
    }
    const nowMs = this.#clock.now();
    const { freezes, counts } = keptOf(status, limits, nowMs);
    const others = unaskedOf(await this.#recalled(domain), limits, nowMs);
    const kept: Kept = { freezes, counts: [...counts, ...others] };
    await this.#memory.remember(memoryName(domain), JSON.stringify(kept));
  }

  async #keepAll(): Promise<void> {
    for (const domain of this.#limits.keys()) await this.#keep(domain);
  }
}

/** Counts that other processes have kept, of limits that this one did not ask for. */
const unaskedOf = (
  kept: Kept | undefined,
  limits: readonly AskLimit[],
  nowMs: number,
): readonly KeptCount[] =>
  (kept?.counts ?? []).filter(
    ({ limit: { id }, untilMs }) => untilMs > nowMs && limits.every((limit) => limit.id !== id),
  );

/** What of a domain's state must not be forgotten. */
const keptOf = (status: StoreStatus, limits: readonly AskLimit[], nowMs: number): Kept => ({
  freezes: status.freezes
    .filter(({ remainingMs }) => remainingMs !== 0)
    .map((freeze) => keptFreeze(freeze, nowMs)),
  counts: status.limits.flatMap(({ id, partition, fill }) => {
    const known = limits.find((limit) => limit.id === id);
    const untilMs = known && quotaEndMs(known, nowMs);
    if (known === undefined || untilMs === undefined) return [];
    return { limit: { ...known, partition }, remaining: countOf(known) * (1 - fill), untilMs };
  }),
});

const keptFreeze = (
  { limit, partition, cause, reason, remainingMs }: FreezeStatus,
  nowMs: number,
): KeptFreeze => ({
  order: {
    cause,
    reason,
    ...(limit !== undefined && { limit: { id: limit, ...(partition !== undefined && { partition }) } }),
  },
  ...(remainingMs !== undefined && { untilMs: nowMs + remainingMs }),
});

const memoryName = (domain: string): string => `shared budget ${domain}`;

const countOf = ({ shape }: AskLimit): number => (shape.kind === 'bucket' ? 0 : shape.count);

/** Until when the count of a quota means anything; undefined for limits that a moment's rest makes good. */
function quotaEndMs({ shape }: AskLimit, nowMs: number): number | undefined {
  if (shape.kind === 'fixed') return (shape.endsUs[0] ?? 0) / 1000;
  return shape.kind === 'sliding' && shape.parts !== undefined ? nowMs + shape.windowUs / 1000 : undefined;
}

/** Tells a store that has forgotten what stands. */
async function tell(store: BudgetStore, domain: string, kept: Kept, nowMs: number): Promise<void> {
  for (const { order, untilMs } of kept.freezes) {
    if (untilMs !== undefined && untilMs <= nowMs) continue;
    const ms = untilMs === undefined ? undefined : untilMs - nowMs;
    await store.freeze(domain, { ...order, ...(ms !== undefined && { ms }) }, 1);
  }
  const standing = kept.counts.filter(({ untilMs }) => untilMs > nowMs);
  const observations = standing.map(({ limit, remaining }) => ({
    limit: limit.id,
    partition: limit.partition,
    remaining,
  }));
  // Older than every reply that is to come, so that what those say counts; but a time, so that it counts as known.
  const ticket = { id: 'kept-0', slotUs: 1, probes: [] };
  const limits = standing.map(({ limit }) => limit);
  if (limits.length > 0)
    await store.settle(domain, [{ ticket, outcome: 'answered', limits, costs: {}, observations }]);
}
