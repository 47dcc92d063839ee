import { isMeant, namesOf, streamName } from '../model/accounts.ts';
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

/** The streams that are named as `source.stream` or `source.stream@account`, or all that a mapping is made of. @throws RefusedError (exit 3) when there is none of a name */
export function streamsNamed({ steps, mappings }: Plan, names: readonly string[]): readonly StreamPlan[] {
  const mapped = Object.values(mappings).map(({ stream }) => stream);
  const streams = steps
    .flatMap((step) => (step.kind === 'extract' ? [step.stream] : []))
    .filter((stream) => mapped.includes(streamName(stream)));
  chosen('ETL0906', 'stream', meanings(streams), names);
  return streams.filter((stream) => names.length === 0 || names.some((name) => isMeant(stream, name)));
}

/** All names that are understood; those with the account `default` are not told. */
const meanings = (streams: readonly StreamPlan[]): readonly string[] => [
  ...new Set([...namesOf(streams), ...streams.map((stream) => `${streamName(stream)}@${stream.account}`)]),
];

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
