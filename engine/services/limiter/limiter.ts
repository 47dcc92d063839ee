import { randomBytes } from 'node:crypto';
import type { Clock, Limiter, Metrics } from '../../model/ports.ts';
import { noMetrics } from '../metrics/no-metrics.ts';
import { askOf } from './asks.ts';
import { Dispatcher } from './dispatcher.ts';
import { unreachable } from './refusals.ts';
import { type BudgetStore, StoreDown, scopeOf } from './store.ts';
import type { DispatcherServices } from './store-asker.ts';

export interface LimiterOptions {
  readonly clock: Clock;
  readonly metrics?: Metrics;
  /** Between 0 and 1: spreads the freezes for which an API says no time. */
  readonly random?: () => number;
}

/** The limiter over a store of budgets: a dispatcher for each domain. */
export function limiterOver(store: BudgetStore, options: LimiterOptions): Limiter {
  const { clock, metrics = noMetrics, random = Math.random } = options;
  const process = `${globalThis.process.pid}-${randomBytes(3).toString('hex')}`;
  const services: DispatcherServices = { store, clock, metrics, process };
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcher = (domain: string): Dispatcher => {
    const known = dispatchers.get(domain) ?? new Dispatcher(domain, services);
    dispatchers.set(domain, known);
    return known;
  };
  return {
    acquire: (budget, request, signal) => dispatcher(budget.domain).acquire(budget, request, signal),
    settle(permit, settlement) {
      dispatchers.get(permit.domain)?.settle(permit, settlement);
    },
    async freeze(budget, order) {
      const ms = await reached(budget.domain, store.freeze(budget.domain, order, random()));
      metrics.add('freeze_seconds', Number.isFinite(ms) ? ms / 1000 : 0, {
        domain: budget.domain,
        cause: order.cause,
      });
      return ms;
    },
    thaw: ({ domain }, limit) =>
      reached(domain, store.thaw(domain, limit === undefined ? undefined : scopeOf(limit))),
    async status(budget) {
      const limits = budget.limits.map((limit) => askOf(limit, clock.now()));
      const status = await reached(budget.domain, store.status(budget.domain, limits));
      const here = dispatchers.get(budget.domain)?.waiting() ?? [];
      const elsewhere = status.waiting
        .map(({ member, boundBy }) => ({ ...ownerOf(member), domain: budget.domain, boundBy }))
        .flatMap(({ process: owner, ...waiting }) => (owner === process ? [] : [waiting]));
      return { domain: budget.domain, ...status, waiting: [...here, ...elsewhere] };
    },
    waiting: () => [...dispatchers.values()].flatMap((one) => one.waiting()),
    async close() {
      for (const one of dispatchers.values()) await one.close();
      await store.close();
    },
  };
}

/** What a store answers. @throws TransientError when it cannot be reached */
const reached = <T>(domain: string, answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw error instanceof StoreDown ? unreachable(domain, error) : error;
  });

/** A member is a stream of a process: see `askerOf`. */
function ownerOf(member: string): { readonly stream: string; readonly process: string } {
  const [stream = '', process = ''] = member.split(' ');
  return { stream, process };
}
