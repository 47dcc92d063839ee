import { complaint, RefusedError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { didYouMean, listText } from '../validate/suggest.ts';

/** The mappings that are named, or all. @throws RefusedError (exit 3) when there is none of a name */
export function mappingsNamed({ mappings }: Plan, names: readonly string[]): readonly string[] {
  const known = Object.keys(mappings);
  if (names.length === 0) return known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return known.filter((name) => names.includes(name));
  throw new RefusedError(
    'invalid',
    unknown.map((name) => {
      const guess = didYouMean(name, known);
      const summary = `there is no mapping ${name}${guess === undefined ? '' : `: ${guess}`}`;
      return complaint('ETL0903', summary, `The project has: ${listText(known)}.`);
    }),
  );
}
