import jsonata from 'jsonata';
import type { ApiRequest } from '../../model/batch.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import { costByMethod, type LimitedRequest, limitMatcher, partitionOf } from '../../model/limit-match.ts';
import type { BudgetPlan, LimitPlan } from '../../model/plan.ts';
import type { BoundLimit } from '../../model/ports.ts';
import { declaredName } from '../../model/sweep.ts';

/** All limits that bind a request. @throws TerminalError when the expression of a cost gives none. */
export type Binder = (request: LimitedRequest) => Promise<readonly BoundLimit[]>;

/** Bounds of one evaluation: milliseconds, calls in each other, items of a sequence. */
const bounds = { timeout: 1000, stack: 1000, sequence: 10_000 };

/** Reads the limits of a budget once, so that each request is only compared with them. */
export function binder({ limits }: BudgetPlan): Binder {
  const readers = limits.map((limit) => ({
    limit,
    matches: limitMatcher(limit.match),
    cost: costReader(limit),
  }));
  return async (request) => {
    const bound: BoundLimit[] = [];
    for (const { limit, matches, cost } of readers) {
      if (!matches(request)) continue;
      bound.push({ limit, partition: partitionOf(limit, request), cost: await cost(request) });
    }
    return bound;
  };
}

/** A request as limits see it. What lies outside the base URL has its whole path. */
export function limitedRequest(
  request: ApiRequest,
  baseUrl: string,
  { name, account }: { readonly name: string; readonly account: string },
): LimitedRequest {
  const { pathname, searchParams } = new URL(request.url);
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  const inside = pathname === base || pathname.startsWith(`${base}/`);
  const headers = Object.entries(request.headers).map(([header, value]) => [header.toLowerCase(), value]);
  return {
    method: request.method,
    path: inside ? pathname.slice(base.length) : pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(headers),
    stream: declaredName(name),
    account,
  };
}

function costReader({ id, cost }: LimitPlan): (request: LimitedRequest) => Promise<number> {
  const { expr } = cost;
  if (expr === undefined) return async ({ method }) => costByMethod(cost, method);
  const expression = jsonata(expr, bounds);
  return async ({ method, path, query, headers, stream }) => {
    const result: unknown = await expression
      .evaluate({ method, path, query, headers, stream })
      .catch((error: { message?: unknown }) => `the expression failed: ${error?.message ?? error}`);
    if (typeof result === 'number' && Number.isFinite(result) && result > 0) return result;
    throw new TerminalError(
      complaint(
        'ETL0421',
        `the cost of ${method} ${path} (stream ${stream}) is no number above 0: ${found(result)}`,
        `The limit \`${id}\` computes it with \`cost.expr\`: ${expr}`,
        'Mend the expression; `estimate` and `byMethod` give a fixed cost.',
      ),
    );
  };
}

function found(result: unknown): string {
  if (result === undefined) return 'it gives nothing';
  if (typeof result === 'string') return result.slice(0, 200);
  return (JSON.stringify(result) ?? typeof result).slice(0, 200);
}
