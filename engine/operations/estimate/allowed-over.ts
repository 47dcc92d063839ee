import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Allowance, PlanEstimate } from '../../model/estimate.ts';
import { pastEstimate } from '../../model/estimate-allowance.ts';
import type { SavedPlan } from '../../model/saved-plan.ts';

type OfEstimate = Extract<Allowance, { readonly kind: 'estimate' }>;

/** How many pages a saved plan allows of each stream; those of which it expected nothing are not among them. */
export function allowedOver({
  estimate,
  allowOver,
}: Pick<SavedPlan, 'estimate' | 'allowOver'>): ReadonlyMap<string, OfEstimate> {
  return new Map(
    estimate.streams.flatMap(({ stream, expected }) =>
      expected === undefined
        ? []
        : [
            [
              stream,
              { kind: 'estimate', ...pagesOf(expected.requests, allowOver), over: allowOver },
            ] as const,
          ],
    ),
  );
}

/** While a plan waits for review, a few requests more become due: no share of a few. */
const leastOver = 5;

const pagesOf = (expected: number, over: number) => ({
  expected,
  // A sum such as 10 × 1.1 is a little more than it should be.
  pages: Math.max(expected + leastOver, Math.ceil(expected * (1 + over) - 1e-9)),
});

/** The lesser of two allowances, stream by stream. */
export function least(
  quotas: ReadonlyMap<string, Allowance>,
  planned: ReadonlyMap<string, Allowance>,
): ReadonlyMap<string, Allowance> {
  const found = new Map(quotas);
  for (const [stream, allowance] of planned) {
    const known = found.get(stream);
    if (known === undefined || allowance.pages < known.pages) found.set(stream, allowance);
  }
  return found;
}

/**
 * Streams that by now need more than their plan allows, as far as that is counted. How much comes after a cursor is only
 * expected: what is too much shows between two pages.
 */
export const beyondAllowed = (
  { streams }: PlanEstimate,
  planned: ReadonlyMap<string, OfEstimate>,
): readonly Diagnostic[] =>
  streams.flatMap(({ stream, window, expected }) => {
    const allowance = planned.get(stream);
    if (allowance === undefined || expected === undefined || window.kind === 'cursor') return [];
    return expected.requests <= allowance.pages ? [] : [pastEstimate(stream, allowance, expected.requests)];
  });
