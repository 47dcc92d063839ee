import { complaint, RefusedError } from '../model/errors.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import { didYouMean, listText } from '../validate/suggest.ts';

/** The mappings that are named, or all. @throws RefusedError (exit 3) when there is none of a name */
export function mappingsNamed({ mappings }: Plan, names: readonly string[]): readonly string[] {
  return mappingsKnown(Object.keys(mappings), names);
}

/** Those of the known mappings that are named, or all. @throws RefusedError (exit 3) when there is none of a name */
export const mappingsKnown = (known: readonly string[], names: readonly string[]): readonly string[] =>
  chosen('ETL0903', 'mapping', known, names);

/** The streams that are named as `source.stream`, or all that a mapping is made of. @throws RefusedError (exit 3) when there is none of a name */
export function streamsNamed({ steps, mappings }: Plan, names: readonly string[]): readonly StreamPlan[] {
  const full = ({ source, name }: StreamPlan): string => `${source}.${name}`;
  const mapped = Object.values(mappings).map(({ stream }) => stream);
  const streams = steps
    .flatMap((step) => (step.kind === 'extract' ? [step.stream] : []))
    .filter((stream) => mapped.includes(full(stream)));
  const wanted = chosen('ETL0906', 'stream', streams.map(full), names);
  return streams.filter((stream) => wanted.includes(full(stream)));
}

function chosen(
  code: string,
  noun: string,
  known: readonly string[],
  names: readonly string[],
): readonly string[] {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return known.filter((name) => names.length === 0 || names.includes(name));
  throw new RefusedError(
    'invalid',
    unknown.map((name) => {
      const guess = didYouMean(name, known);
      const summary = `there is no ${noun} ${name}${guess === undefined ? '' : `: ${guess}`}`;
      return complaint(code, summary, `The project has: ${listText(known)}.`);
    }),
  );
}
