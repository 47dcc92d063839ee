import type { Diagnostic, Place } from '../model/diagnostic.ts';
import type { NodePlaces, SourceDocument, UnreadFile } from '../model/project.ts';
import { isJson, type Json, objectAt, textAt } from './json.ts';
import { below, complain, keyPlace, placeText, valuePlace } from './places.ts';
import { fromRecord } from './record-path.ts';
import type { Filled } from './substitute.ts';
import { didYouMean, listText } from './suggest.ts';

/** A property as a file has it, whatever is wrong with it, and where it stands. */
export interface WrittenProperty {
  readonly name: string;
  readonly value: unknown;
  /** The file that says it; its pointer is `/properties/NAME` there, too. */
  readonly filled: Filled;
  /** Name of the property there, where that is a pattern or another one. */
  readonly pattern?: string;
  /** Where a catalog says what it fills in, by the pointer below the property. */
  readonly filledIn?: readonly (readonly [pointer: string, places: NodePlaces])[];
}

export interface Used {
  readonly properties: readonly WrittenProperty[];
  readonly diagnostics: readonly Diagnostic[];
}

export const propertiesOf = (filled: Filled): readonly WrittenProperty[] =>
  Object.entries(objectAt(filled.value, 'properties')).map(([name, value]) => ({ name, value, filled }));

/** A file that a mapping names, and what it is. */
interface Named {
  readonly file: string;
  readonly pointer: string;
  readonly other: Filled | undefined;
}

function filesOf({ value }: Filled, all: readonly Filled[]): readonly Named[] {
  const listed = objectAt(value)['use'];
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((file: unknown, at) =>
    typeof file === 'string' && !file.includes('${')
      ? [{ file, pointer: `/use/${at}`, other: all.find(({ document }) => document.file === file) }]
      : [],
  );
}

/** The properties of the files that a mapping uses, those of the first file first. */
export function usedBy(mapping: Filled, all: readonly Filled[], unread: readonly UnreadFile[]): Used {
  const diagnostics: Diagnostic[] = [];
  const found = new Map<string, WrittenProperty>();
  for (const named of filesOf(mapping, all)) {
    const mistake = fileMistake(mapping, named, all, unread);
    if (mistake !== undefined) diagnostics.push(mistake);
    const { other, pointer } = named;
    if (other === undefined || textAt(other.value, 'kind') !== 'properties') continue;
    diagnostics.push(...streamMistake(mapping, pointer, other));
    for (const property of recordProperties(mapping, other)) {
      const before = found.get(property.name) ?? property;
      found.set(property.name, before);
      diagnostics.push(...disagreement(before, property));
    }
  }
  return { properties: [...found.values()], diagnostics };
}

/** A file of a stream has paths of its records, which a mapping with `each` calls `$parent`. */
function recordProperties(mapping: Filled, other: Filled): readonly WrittenProperty[] {
  const inEach = textAt(mapping.value, 'each') !== undefined && textAt(other.value, 'stream') !== undefined;
  if (!inEach) return propertiesOf(other);
  return propertiesOf(other).map(({ value, ...one }) => ({ ...one, value: ofParent(value) }));
}

function ofParent(value: unknown): unknown {
  if (!isJson(value)) return value;
  const said = (path: unknown): unknown => (typeof path === 'string' ? fromRecord(path, true) : path);
  const { from, previously } = value;
  return {
    ...value,
    ...(from !== undefined && { from: said(from) }),
    ...(Array.isArray(previously) && { previously: previously.map(said) }),
  };
}

function fileMistake(
  mapping: Filled,
  { file, pointer, other }: Named,
  all: readonly Filled[],
  unread: readonly UnreadFile[],
): Diagnostic | undefined {
  const place = valuePlace(mapping.document, pointer);
  // One that is there and could not be read has been complained about.
  if (other === undefined)
    return unread.some((one) => one.file === file) ? undefined : unknownFile(mapping, file, place, all);
  const kind = textAt(other.value, 'kind') ?? 'missing';
  if (kind === 'properties') return undefined;
  return complain('ETL0260', place, `\`${file}\` is not a file of properties`, {
    label: `its kind is ${kind}`,
    help: ['`use` names files of `kind: properties`, such as those that `etl discover` writes.'],
  });
}

function unknownFile(mapping: Filled, file: string, place: Place, all: readonly Filled[]): Diagnostic {
  const files = all
    .filter(({ value }) => textAt(value, 'kind') === 'properties')
    .map(({ document }) => document.file);
  const source = (textAt(mapping.value, 'from') ?? 'SOURCE.').split('.')[0];
  return complain('ETL0260', place, `there is no file \`${file}\` of properties`, {
    label: didYouMean(file, files),
    help: [
      `\`etl discover ${source}\` writes it.`,
      ...(files.length > 0 ? [`files of properties: ${listText(files)}`] : []),
    ],
  });
}

/** A file is made for the records of one stream. */
function streamMistake(mapping: Filled, pointer: string, other: Filled): readonly Diagnostic[] {
  const [wanted, from] = [textAt(other.value, 'stream'), textAt(mapping.value, 'from')];
  if (wanted === undefined || from === undefined || wanted === from) return [];
  return [
    complain(
      'ETL0261',
      valuePlace(mapping.document, pointer),
      `\`${other.document.file}\` has the properties of \`${wanted}\`, and this mapping reads \`${from}\``,
      { help: [`Use a file of \`${from}\`, or read \`${wanted}\`.`] },
    ),
  ];
}

/** Two files that mean the same are fine. */
function disagreement(before: WrittenProperty, property: WrittenProperty): readonly Diagnostic[] {
  if (JSON.stringify(before.value) === JSON.stringify(property.value)) return [];
  const pointer = below('/properties', property.name);
  return [
    complain(
      'ETL0262',
      keyPlace(property.filled.document, pointer),
      `two files that one mapping uses disagree on \`${property.name}\``,
      {
        label: `the other is in ${placeText(keyPlace(before.filled.document, pointer))}`,
        help: ['Write the property in the mapping itself, which wins, or use one of the files.'],
      },
    ),
  ];
}

const within = (pointer: string, root: string): boolean => pointer === root || pointer.startsWith(`${root}/`);

/** What a file says of a property, under the pointer of its name in the mapping. */
function moved<T>(
  entries: Iterable<readonly [string, T]>,
  { name, pattern }: WrittenProperty,
): readonly (readonly [string, T])[] {
  const [from, to] = [below('/properties', pattern ?? name), below('/properties', name)];
  return [...entries].flatMap(([pointer, value]) =>
    within(pointer, from) ? [[to + pointer.slice(from.length), value] as const] : [],
  );
}

/** A mapping with other properties than its own: each keeps the place where it stands. */
export function withProperties(mapping: Filled, properties: readonly WrittenProperty[]): Filled {
  const others = properties.filter(({ filled, pattern }) => filled !== mapping || pattern !== undefined);
  const values = Object.fromEntries(properties.map(({ name, value }) => [name, value]));
  const nodes = new Map<string, NodePlaces>([
    ...mapping.document.nodes,
    ...others.flatMap((one) => moved(one.filled.document.nodes, one)),
    ...properties.flatMap(({ name, filledIn = [] }) =>
      filledIn.map(([pointer, places]) => [below('/properties', name) + pointer, places] as const),
    ),
  ]);
  const unresolved = others.flatMap((one) =>
    moved(
      [...one.filled.unresolved].map((pointer) => [pointer, true] as const),
      one,
    ).map(([pointer]) => pointer),
  );
  const { document } = mapping;
  return {
    ...mapping,
    document: { ...document, value: withValues(document, values), nodes },
    value: { ...(mapping.value as Json), properties: values },
    unresolved: new Set([...mapping.unresolved, ...unresolved]),
  };
}

const withValues = ({ value }: SourceDocument, properties: Json): unknown =>
  isJson(value) ? { ...value, properties } : value;
