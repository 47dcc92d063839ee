import type { BudgetPlan } from '../../model/plan.ts';
import type { Permit, PermitRequest, Waiting } from '../../model/ports.ts';
import type { Ask, Later } from './store.ts';

/** A request that waits for its permit. */
export interface Waiter {
  readonly budget: BudgetPlan;
  readonly request: PermitRequest;
  readonly sinceUs: number;
  /** What it was last seen to wait for. */
  boundBy?: string;
  gone: boolean;
  /** No longer listens whether it is told to stop. */
  stay(): void;
  grant(permit: Permit): void;
  refuse(error: unknown): void;
}

/** Requests of one stream that are bound by the same limits: what one may not do, none of them may. */
export interface Lane {
  readonly key: string;
  readonly stream: string;
  readonly weight: number;
  readonly waiters: Waiter[];
  /** Nothing is asked for before. */
  notBeforeUs: number;
  /** Until when it waits, as far as is known. */
  untilUs: number;
  boundBy: string;
  /** Only a limit's wait is known: what else it waits for can come at any time. */
  why: Later['why'];
  reason?: string;
  /** Turns within this process: start-time fair queueing, as between processes. */
  finish: number;
}

/** A class ahead weighs this much more: nobody waits for ever, and what is urgent hardly waits. */
const priorityWeights = { high: 8, normal: 1, low: 1 / 8 } as const;

const weightOf = ({ weight, priority }: PermitRequest): number => weight * priorityWeights[priority];

export const laneKey = ({ stream, priority, limits }: PermitRequest): string =>
  JSON.stringify([stream, priority, ...limits.map(({ limit, partition }) => [limit.id, partition])]);

export const newLane = (key: string, request: PermitRequest): Lane => ({
  key,
  stream: request.stream,
  weight: weightOf(request),
  waiters: [],
  notBeforeUs: 0,
  untilUs: 0,
  boundBy: '',
  why: 'limit',
  finish: 0,
});

/** Who asks, as the store knows it. */
export const askerOf = (lane: Lane, { request, budget }: Waiter, process: string): Omit<Ask, 'limits'> => ({
  member: `${lane.stream} ${process}`,
  process,
  weight: lane.weight,
  low: request.priority === 'low',
  backlog: lane.waiters.length > 1,
  horizonUs: budget.horizonMs * 1000,
});

/** Where a lane stands among those of its process. */
export const startOf = (lane: Lane, virtual: number): number => Math.max(lane.finish, virtual);

/** Whose turn it is, of those that may ask now. */
export const nextLane = (lanes: readonly Lane[], virtual: number, nowUs: number): Lane | undefined =>
  lanes
    .filter(({ notBeforeUs }) => notBeforeUs <= nowUs)
    .reduce<Lane | undefined>(
      (best, one) => (best === undefined || startOf(one, virtual) < startOf(best, virtual) ? one : best),
      undefined,
    );

/** What a lane waits for, for people. */
export function waitingOf(lane: Lane, domain: string, nowUs: number): readonly Waiting[] {
  const [first] = lane.waiters;
  if (first === undefined || lane.boundBy === '') return [];
  const { stream, boundBy, untilUs, reason } = lane;
  return [
    {
      stream,
      domain,
      boundBy,
      sinceMs: (nowUs - first.sinceUs) / 1000,
      remainingMs: Math.max(0, untilUs - nowUs) / 1000,
      ...(reason !== undefined && { reason }),
    },
  ];
}
