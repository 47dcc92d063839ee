import jsonata from 'jsonata';
import type * as config from '../../model/config.ts';
import { labError, messageOf } from '../complain.ts';
import type { Asked } from './asked.ts';

/** What a request costs in a limit, before it is answered. A promise only where an expression says it. */
export type Price = (asked: Asked) => number | Promise<number>;

function expressionPrice(owner: string, text: string): Price {
  let expression: jsonata.Expression;
  try {
    expression = jsonata(text);
  } catch (thrown) {
    throw labError(
      'cannotServe',
      `${owner}: the cost cannot be read: ${messageOf(thrown)}`,
      'Correct the expression.',
    );
  }
  return async ({ method, path, query, headers, stream }) => {
    const cost: unknown = await expression.evaluate({
      method,
      path,
      query: Object.fromEntries(query),
      headers,
      stream,
    });
    if (typeof cost === 'number' && cost > 0) return cost;
    throw new Error(`the cost of ${owner} must be a number above 0, got ${JSON.stringify(cost)}`);
  };
}

/** The price of a limit (`owner`). @throws TerminalError when its expression cannot be read */
export function priceOf(owner: string, cost: config.Cost = {}): Price {
  const { estimate = 1, byMethod, expr } = cost;
  if (expr !== undefined) return expressionPrice(owner, expr);
  if (byMethod === undefined) return () => estimate;
  const prices = byMethod as { readonly [method: string]: number };
  return ({ method }) => prices[method] ?? prices['default'] ?? estimate;
}

/**
 * What a request turns out to cost where the reply says so: half of what was thought, in whole units, at least 1 and
 * never more than was thought. Real APIs give most of an estimate back, and a client must notice.
 */
export const actualCost = (estimate: number): number =>
  Math.min(estimate, Math.max(1, Math.floor(estimate / 2)));
