import { accountStream, isMeant, streamName } from '../model/accounts.ts';
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
  const found = all.filter(({ stream }) => isMeant(stream, name));
  const [first] = found;
  const streams = all.map(({ stream }) => stream);
  if (first === undefined)
    throw unknown(`stream ${name} that a mapping reads`, name, streams.map(accountStream));
  if (found.length > 1)
    throw ofSeveral(
      name,
      found.map(({ stream }) => stream),
    );
  return first;
}

/** A name that stands for a stream of several accounts, where one is needed. */
export const ofSeveral = (
  name: string,
  streams: readonly Pick<StreamPlan, 'source' | 'name' | 'account'>[],
): RefusedError =>
  new RefusedError('invalid', [
    complaint(
      'ETL0906',
      `${name} is read for ${streams.length} accounts: say which one`,
      `Write ${listText(streams.map((stream) => `${streamName(stream)}@${stream.account}`))}.`,
    ),
  ]);

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
