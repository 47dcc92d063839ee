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
 * when it has lost them.
 */
export function keptStore(store: ForgetfulStore, memory: Memory, clock: Clock): BudgetStore {
  const domains = new Map<string, Map<string, AskLimit>>();
  let keptMs = clock.now();
  const keep = async (domain: string): Promise<void> => {
    const limits = [...(domains.get(domain)?.values() ?? [])];
    const status = await store.status(domain, limits);
    const kept = keptOf(status, limits, clock.now());
    await memory.remember(memoryName(domain), JSON.stringify(kept));
  };
  const keepAll = async (): Promise<void> => {
    for (const domain of domains.keys()) await keep(domain);
  };
  const restore = async (domain: string): Promise<void> => {
    const text = await memory.recall(memoryName(domain));
    if (text !== undefined) await tell(store, domain, JSON.parse(text) as Kept, clock.now());
  };
  const restoring = new Map<string, Promise<void>>();
  store.onBoot = (domain) => {
    restoring.set(
      domain,
      restore(domain).catch(() => {}),
    );
  };
  /** Before the first question a store says whether it knows the domain; what it has lost is told before that question. */
  const remembered = async (domain: string): Promise<void> => {
    if (!domains.has(domain)) await store.status(domain, []);
    await restoring.get(domain);
  };
  return {
    ...bound(store),
    async ask(domain, ask, settled) {
      await remembered(domain);
      const limits = domains.get(domain) ?? new Map<string, AskLimit>();
      domains.set(domain, limits);
      for (const limit of ask.limits) limits.set(limit.id, { ...limit, partition: '' });
      const answer = await store.ask(domain, ask, settled);
      if (clock.now() < keptMs + keepEveryMs) return answer;
      keptMs = clock.now();
      await keepAll().catch(() => {});
      return answer;
    },
    async freeze(domain, order, random) {
      const ms = await store.freeze(domain, order, random);
      await keep(domain);
      return ms;
    },
    async thaw(domain, scope) {
      const count = await store.thaw(domain, scope);
      await keep(domain);
      return count;
    },
    async close() {
      await keepAll().catch(() => {});
      await store.close();
    },
  };
}

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

const bound = (store: BudgetStore): BudgetStore => ({
  ask: (...given) => store.ask(...given),
  settle: (...given) => store.settle(...given),
  renew: (...given) => store.renew(...given),
  freeze: (...given) => store.freeze(...given),
  thaw: (...given) => store.thaw(...given),
  status: (...given) => store.status(...given),
  watch: (...given) => store.watch(...given),
  close: () => store.close(),
});

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
  // Older than every reply that is to come: what those say counts.
  const ticket = { id: 'kept-0', slotUs: 0, probes: [] };
  const limits = standing.map(({ limit }) => limit);
  if (limits.length > 0)
    await store.settle(domain, [{ ticket, outcome: 'answered', limits, costs: {}, observations }]);
}
