import type * as config from '../model/config.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import { isPathError, parsePath } from '../model/path.ts';
import type { PathSegment } from '../model/plan.ts';
import type { SourceDocument } from '../model/project.ts';
import { type Entries, nameOf } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { didYouMean, listText } from './suggest.ts';

const lookupKey = '_lookup';

/** A path of a mapping, and where it stands. */
interface Use {
  readonly text: string;
  readonly place: Place;
  readonly inEach: boolean;
}

/** Lookups that mappings read, and that their stream does not declare. */
export function lookupMistakes({ sources, mappings }: Entries): readonly Diagnostic[] {
  return mappings.flatMap(({ document, config: mapping }) => {
    if (mapping === undefined) return [];
    const [source, name = ''] = mapping.from.split('.');
    const stream = sources.find((entry) => nameOf(entry) === source)?.config?.streams[name];
    if (stream === undefined) return [];
    const declared = Object.keys(stream.lookups ?? {});
    return usesOf(document, mapping).flatMap((use) => unknownLookup(use, mapping.from, declared));
  });
}

function usesOf(document: SourceDocument, mapping: config.Mapping): readonly Use[] {
  const inEach = mapping.each !== undefined;
  const { each } = mapping;
  return [
    ...(each === undefined ? [] : [{ text: each, place: valuePlace(document, '/each'), inEach: false }]),
    ...Object.keys(mapping.where ?? {}).map((text) => ({
      text,
      place: keyPlace(document, below('/where', text)),
      inEach,
    })),
    ...Object.entries(mapping.properties).flatMap(([name, { from }]) =>
      from === undefined
        ? []
        : [{ text: from, place: valuePlace(document, below('/properties', name, 'from')), inEach }],
    ),
  ];
}

function unknownLookup(
  { text, place, inEach }: Use,
  stream: string,
  declared: readonly string[],
): readonly Diagnostic[] {
  const path = parsePath(text, inEach);
  if (isPathError(path) || path.root !== 'record') return [];
  const [first, second] = path.segments;
  const lookup = keyOf(second);
  if (keyOf(first) !== lookupKey || lookup === undefined || declared.includes(lookup)) return [];
  return [
    complain('ETL0448', place, `\`${stream}\` has no lookup \`${lookup}\``, {
      label: didYouMean(lookup, declared),
      help: [
        declared.length > 0
          ? `lookups of ${stream}: ${listText(declared)}`
          : `Declare it under \`lookups\` of the stream: \`${lookup}: {path: "/…/{id}"}\`.`,
      ],
    }),
  ];
}

const keyOf = (segment: PathSegment | undefined): string | undefined =>
  segment !== undefined && 'key' in segment ? segment.key : undefined;
