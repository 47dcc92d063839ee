import type * as config from '../model/config.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import { isPathError, parsePath, pathText } from '../model/path.ts';
import type { PathSegment } from '../model/plan.ts';
import type { SourceDocument } from '../model/project.ts';
import type { Entries } from './entries.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { fromRecord } from './record-path.ts';

/** A value that `redact` or `pii` takes away, from the record. */
interface Taken {
  readonly segments: readonly PathSegment[];
  readonly place: Place;
  readonly text: string;
}

/** Paths of a mapping from its record, with `[*]` for the elements of `each`. */
function pathsOf(mapping: config.Mapping, texts: readonly string[]): readonly (readonly PathSegment[])[] {
  const each = mapping.each === undefined ? undefined : parsePath(mapping.each);
  if (each !== undefined && isPathError(each)) return [];
  return texts.flatMap((text) => {
    const path = parsePath(text, each !== undefined);
    if (isPathError(path) || path.root === 'index') return [];
    return path.root === 'element' && each !== undefined
      ? [[...each.segments, { any: 'element' } as const, ...path.segments]]
      : [path.segments];
  });
}

const readOf = ({ each, where = {}, properties }: config.Mapping): readonly string[] => [
  ...(each === undefined ? [] : [fromRecord(each, true)]),
  ...Object.keys(where),
  ...Object.values(properties).flatMap(({ from, previously = [] }) =>
    from === undefined ? [] : [from, ...previously],
  ),
];

function takenBy(document: SourceDocument, mapping: config.Mapping): readonly Taken[] {
  return Object.entries(mapping.properties).flatMap(([name, { pii, from, previously = [] }]) => {
    if (pii === undefined || from === undefined) return [];
    const place = keyPlace(document, below('/properties', name, 'pii'));
    return pathsOf(mapping, [from, ...previously]).map((segments) => ({
      segments,
      place,
      text: `pii: ${pii}`,
    }));
  });
}

function redactedBy(document: SourceDocument, source: config.Source): readonly Taken[] {
  return (source.redact ?? []).flatMap((text, at) => {
    const path = parsePath(text);
    return isPathError(path)
      ? []
      : [{ segments: path.segments, place: valuePlace(document, `/redact/${at}`), text }];
  });
}

/** Whether one path can lead to where the other does. */
function meets(one: PathSegment, other: PathSegment): boolean {
  if ('any' in one || 'any' in other) return true;
  if ('where' in one && 'where' in other)
    return Object.entries(one.where).every(([key, value]) => (other.where[key] ?? value) === value);
  if ('where' in one || 'where' in other) return 'index' in one || 'index' in other;
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Where a path chooses an element: the paths of what it chooses by. */
const choices = (segments: readonly PathSegment[]): readonly (readonly PathSegment[])[] =>
  segments.flatMap((segment, at) =>
    'where' in segment
      ? Object.keys(segment.where).map((key) => [...segments.slice(0, at + 1), { key }])
      : [],
  );

/** A rule for the element itself, or for what is around it, means all of it. */
const takesAway = ({ segments }: Taken, choice: readonly PathSegment[]): boolean =>
  segments.length === choice.length &&
  segments.every((segment, at) => meets(segment, choice[at] as PathSegment));

function mistakesOf(
  taken: readonly Taken[],
  read: readonly (readonly PathSegment[])[],
): readonly Diagnostic[] {
  return taken.flatMap((one) => {
    const broken = read.find((segments) => choices(segments).some((choice) => takesAway(one, choice)));
    if (broken === undefined) return [];
    const path = pathText({ root: 'record', segments: broken });
    return [
      complain('ETL0221', one.place, `\`${one.text}\` takes away what an element is chosen by`, {
        label: `\`${path}\` would find nothing`,
        help: ['Kept pages would not say any more which element it is. Redact another key of it.'],
      }),
    ];
  });
}

/** What `redact` and `pii` must leave, so that elements can be chosen in kept pages as well. */
export function chosenMistakes({ sources, mappings }: Entries): readonly Diagnostic[] {
  const read = mappings.flatMap(({ config: mapping }) =>
    mapping === undefined ? [] : [{ from: mapping.from, paths: pathsOf(mapping, readOf(mapping)) }],
  );
  const readIn = (isFrom: (from: string) => boolean): readonly (readonly PathSegment[])[] =>
    read.flatMap(({ from, paths }) => (isFrom(from) ? paths : []));
  return [
    ...sources.flatMap(({ document, config: source }) =>
      source === undefined
        ? []
        : mistakesOf(
            redactedBy(document, source),
            readIn((from) => from.startsWith(`${source.name}.`)),
          ),
    ),
    ...mappings.flatMap(({ document, config: mapping }) =>
      mapping === undefined
        ? []
        : mistakesOf(
            takenBy(document, mapping),
            readIn((from) => from === mapping.from),
          ),
    ),
  ];
}
