import { accountStream } from '../../model/accounts.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { Allowance, Facts, PlanEstimate, QuotaEstimate, StreamEstimate } from '../../model/estimate.ts';
import type { Plan } from '../../model/plan.ts';
import { windowEndMs } from '../../model/windows.ts';
import { type BoundLimit, boundLimits, isQuota } from './times.ts';

/** A quota with the streams that it binds. */
interface Group {
  readonly bound: BoundLimit;
  readonly members: readonly { readonly estimate: StreamEstimate; readonly cost: number }[];
}

type QuotaAllowance = Extract<Allowance, { readonly kind: 'quota' }>;

/** How a plan fits what is left of the quotas that bind its streams. */
export function quotasOf(
  plan: Plan,
  streams: readonly StreamEstimate[],
  { fills, nowMs }: Facts,
): PlanEstimate['quotas'] {
  return groupsOf(plan, streams).map(({ bound, members }) => {
    const { domain, limit, partition } = bound;
    const { shape, id, declared } = limit;
    const count = shape.kind === 'fixed' ? shape.count : 0;
    const fill = fills.find(
      (one) => one.domain === domain && one.id === id && one.partition === partition,
    )?.fill;
    const remaining = Math.max(0, Math.floor(count * (1 - (fill ?? 0)) + 1e-6));
    const needed = members.reduce(
      (sum, { estimate, cost }) => sum + (estimate.expected?.requests ?? 0) * cost,
      0,
    );
    const isCapped = needed > remaining || members.some(({ estimate }) => estimate.expected === undefined);
    return {
      domain,
      id,
      partition,
      declared,
      remaining,
      resetsAt: new Date(nowMs + (windowEndMs(shape, nowMs) ?? 0)).toISOString(),
      streams: members.map(({ estimate }) => estimate.stream),
      needed,
      ...(isCapped && { split: split(members, remaining) }),
    } satisfies QuotaEstimate;
  });
}

function groupsOf(plan: Plan, streams: readonly StreamEstimate[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const step of plan.steps) {
    if (step.kind !== 'extract') continue;
    const estimate = streams.find(({ stream }) => stream === accountStream(step.stream));
    if (estimate === undefined) continue;
    for (const bound of boundLimits(plan, step.stream).filter(({ limit }) => isQuota(limit))) {
      const key = JSON.stringify([bound.domain, bound.limit.id, bound.partition]);
      const members = groups.get(key)?.members ?? [];
      groups.set(key, { bound, members: [...members, { estimate, cost: bound.cost }] });
    }
  }
  return [...groups.values()];
}

/** What remains, in pages of each stream: those that need little get all of it, the others the same share of the rest. */
function split(members: Group['members'], remaining: number): { readonly [stream: string]: number } {
  const needOf = ({ estimate, cost }: Group['members'][number]): number =>
    (estimate.expected?.requests ?? Number.POSITIVE_INFINITY) * cost;
  const inOrder = [...members].sort((a, b) => needOf(a) - needOf(b));
  let left = remaining;
  return Object.fromEntries(
    inOrder.map((member, at) => {
      const given = Math.min(needOf(member), left / (inOrder.length - at));
      // What is less than a page is left to those that come after.
      const pages = Math.floor(given / member.cost);
      left -= pages * member.cost;
      return [member.estimate.stream, pages];
    }),
  );
}

/** Whether a quota binds anything in a plan. */
export const hasQuota = (plan: Plan): boolean =>
  plan.steps.some((step) => step.kind === 'extract') &&
  Object.values(plan.sources).some(({ budget }) => budget.limits.some(isQuota));

/** How much of each stream a run may read; nothing of those that are read to their end. */
export function allowances({ quotas }: PlanEstimate): ReadonlyMap<string, QuotaAllowance> {
  const found = new Map<string, QuotaAllowance>();
  for (const { id, resetsAt, split: parts = {} } of quotas) {
    for (const [stream, pages] of Object.entries(parts)) {
      const known = found.get(stream);
      if (known === undefined || pages < known.pages)
        found.set(stream, { kind: 'quota', pages, quota: id, resetsAt });
    }
  }
  return found;
}

/** Why a run cannot start at all: there is nothing left of the quotas that bind its streams, each of them. */
export function exhausted(
  { streams }: PlanEstimate,
  allowed: ReadonlyMap<string, QuotaAllowance>,
): Diagnostic | undefined {
  const spent = streams.map(({ stream }) => allowed.get(stream));
  const [first] = spent;
  if (first === undefined || !spent.every((one) => one?.pages === 0)) return undefined;
  return complaint(
    'ETL0332',
    `the quota \`${first.quota}\` is used up until ${first.resetsAt}`,
    `Not one page of ${streams.map(({ stream }) => stream).join(', ')} fits it. Nothing was asked for.`,
    '`etl limits` shows what is used; `etl run --from-ledger` works with what is kept.',
  );
}
