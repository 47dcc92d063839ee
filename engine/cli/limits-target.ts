import { complaint, RefusedError } from '../model/errors.ts';
import type { StreamPlan } from '../model/plan.ts';
import type { SharedBudget } from '../operations/budgets.ts';
import { didYouMean, listText } from '../validate/suggest.ts';

/** The budget of a domain or of a source. @throws RefusedError (exit 3) when there is none */
export function budgetNamed(budgets: readonly SharedBudget[], name: string): SharedBudget {
  const found =
    budgets.find(({ plan }) => plan.domain === name) ?? budgets.find(({ sources }) => sources.includes(name));
  if (found !== undefined) return found;
  const known = budgets.flatMap(({ plan, sources }) => [plan.domain, ...sources]);
  throw unknown(`budget or source ${name}`, name, [...new Set(known)]);
}

/** The id, when the budget has a limit of it. @throws RefusedError (exit 3) when it has none */
export function limitNamed({ plan }: SharedBudget, id: string | undefined): string | undefined {
  if (id === undefined || plan.limits.some((limit) => limit.id === id)) return id;
  throw unknown(
    `limit ${id} in the budget ${plan.domain}`,
    id,
    plan.limits.map((limit) => limit.id),
  );
}

/** A stream by `source.stream`, with its budget. @throws RefusedError (exit 3) when no run reads it */
export function streamNamed(
  budgets: readonly SharedBudget[],
  name: string,
): { readonly stream: StreamPlan; readonly budget: SharedBudget } {
  const all = budgets.flatMap((budget) => budget.streams.map((stream) => ({ stream, budget })));
  const full = ({ stream }: (typeof all)[number]): string => `${stream.source}.${stream.name}`;
  const found = all.find((one) => full(one) === name);
  if (found !== undefined) return found;
  throw unknown(`stream ${name} that a mapping reads`, name, all.map(full));
}

function unknown(what: string, name: string, known: readonly string[]): RefusedError {
  const guess = didYouMean(name, known);
  return new RefusedError('invalid', [
    complaint(
      'ETL0906',
      `there is no ${what}${guess === undefined ? '' : `: ${guess}`}`,
      known.length === 0 ? 'The project has none.' : `The project has: ${listText(known)}.`,
    ),
  ]);
}
