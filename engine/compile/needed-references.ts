import { atAccount } from '../model/accounts.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';

/** The references that a plan needs where only these streams are read: those of accounts that nobody asks are left out. */
export function neededReferences(
  plan: Plan,
  streams: readonly Pick<StreamPlan, 'source' | 'account'>[],
): Plan['references'] {
  const read = new Set(streams.map(({ source, account }) => atAccount(source, account)));
  const sources = Object.entries(plan.sources);
  const { references: _, sources: __, ...rest } = plan;
  const used = JSON.stringify([rest, sources.filter(([name]) => read.has(name))]);
  const unused = JSON.stringify(sources.filter(([name]) => !read.has(name)));
  return plan.references.filter(({ reference }) => used.includes(reference) || !unused.includes(reference));
}
