import { accountStream } from '../../model/accounts.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { Allowance, Facts, PlanEstimate, QuotaEstimate, StreamEstimate } from '../../model/estimate.ts';
import type { Plan, StreamPlan } from '../../model/plan.ts';
import { windowEndMs } from '../../model/windows.ts';
import { isCopied, permitsOf } from './copied.ts';
import { type BoundLimit, boundLimits, isQuota } from './times.ts';

/** A quota with the streams that it binds. */
interface Group {
  readonly bound: BoundLimit;
  readonly members: readonly Member[];
}

interface Member {
  readonly estimate: StreamEstimate;
  /** Whether its pages take nothing, only the request that copies its file. */
  readonly isCopied: boolean;
  /** What it needs; infinite where that is not known. */
  readonly need: number;
  /** Of one request. */
  readonly cost: number;
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
    const needed = members.reduce((sum, member) => sum + (isKnown(member) ? member.need : 0), 0);
    const isCapped = needed > remaining || !members.every(isKnown);
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

const isKnown = (member: Member): boolean => Number.isFinite(member.need);

function groupsOf(plan: Plan, streams: readonly StreamEstimate[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const step of plan.steps) {
    if (step.kind !== 'extract') continue;
    const estimate = streams.find(({ stream }) => stream === accountStream(step.stream));
    if (estimate === undefined) continue;
    for (const bound of boundLimits(plan, step.stream).filter(({ limit }) => isQuota(limit))) {
      const key = JSON.stringify([bound.domain, bound.limit.id, bound.partition]);
      const members = groups.get(key)?.members ?? [];
      groups.set(key, {
        bound,
        members: [...members, memberOf(plan, step.stream, { estimate, cost: bound.cost })],
      });
    }
  }
  return [...groups.values()];
}

function memberOf(
  plan: Plan,
  stream: StreamPlan,
  { estimate, cost }: Pick<Member, 'estimate' | 'cost'>,
): Member {
  const need = permitsOf(plan, stream, estimate.expected?.requests ?? Number.POSITIVE_INFINITY) * cost;
  return { estimate, cost, need, isCopied: isCopied(plan, stream) };
}

/**
 * What remains, in pages of each stream: those that need little get all of it, the others the same share of the rest. Files that
 * can be copied are read to their end.
 */
function split(members: Group['members'], remaining: number): { readonly [stream: string]: number } {
  const inOrder = [...members].sort((a, b) => a.need - b.need);
  let left = remaining;
  return Object.fromEntries(
    inOrder.flatMap((member, at) => {
      const given = Math.min(member.need, left / (inOrder.length - at));
      // What is less than a page is left to those that come after.
      const pages = Math.floor(given / member.cost);
      left -= pages * member.cost;
      const isWhole = member.isCopied && pages * member.cost >= member.need;
      return isWhole ? [] : [[member.estimate.stream, member.isCopied ? 0 : pages] as const];
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
