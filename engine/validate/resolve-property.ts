import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { type Catalogued, catalogNames, catalogued, cataloguedAt } from './catalogs.ts';
import { isJson, type Json, textAt } from './json.ts';
import { below, complain, valuePlace, type Words } from './places.ts';
import { fromRecord, recordPath } from './record-path.ts';
import type { Filled } from './substitute.ts';
import { didYouMean, listText } from './suggest.ts';
import type { WrittenProperty } from './use.ts';

export interface Resolved {
  readonly property: WrittenProperty;
  readonly diagnostics: readonly Diagnostic[];
}

/** A property with what the catalog says of it: its path, where it was before, and the labels of its options. */
export function resolveProperty(
  mapping: Filled,
  property: WrittenProperty,
  known: readonly Catalogued[] | undefined,
): Resolved {
  const named = byName(mapping, property, known);
  const labelled = withLabels(mapping, named.property, known);
  return {
    property: withRemoval(mapping, labelled.property, known),
    diagnostics: [...named.diagnostics, ...labelled.diagnostics],
  };
}

/** The day since which the provider has a property no more, of whatever file it is. */
function withRemoval(
  mapping: Filled,
  property: WrittenProperty,
  known: readonly Catalogued[] | undefined,
): WrittenProperty {
  const found = atPath(mapping, property, known);
  const removed = found?.property.removed;
  if (found === undefined || removed === undefined) return property;
  const places = found.document.nodes.get(`${found.pointer}/removed`);
  const filledIn = [...(property.filledIn ?? []), ...(places ? [['/removed', places] as const] : [])];
  return { ...property, value: { ...(property.value as Json), removed }, filledIn };
}

/** The property of the catalog at whose path a column reads. */
function atPath(
  mapping: Filled,
  { value }: WrittenProperty,
  known: readonly Catalogued[] = [],
): Catalogued | undefined {
  const from = textAt(value, 'from');
  const path = from === undefined ? undefined : recordPath(from, isEach(mapping));
  return path === undefined ? undefined : cataloguedAt(known, path);
}

function complainOf(
  { filled, name, pattern }: WrittenProperty,
  key: string,
  code: string,
  summary: string,
  words: Words,
): Diagnostic {
  return complain(
    code,
    valuePlace(filled.document, `${below('/properties', pattern ?? name)}/${key}`),
    summary,
    words,
  );
}

const isEach = (mapping: Filled): boolean => textAt(mapping.value, 'each') !== undefined;

const streamOf = (mapping: Filled): string => textAt(mapping.value, 'from') ?? 'SOURCE.STREAM';

const discoverHelp = (mapping: Filled): string =>
  `\`etl discover ${streamOf(mapping).split('.')[0]}\` writes the catalog.`;

function byName(
  mapping: Filled,
  property: WrittenProperty,
  known: readonly Catalogued[] | undefined,
): Resolved {
  const text = textAt(property.value, 'property');
  const value = property.value as Json;
  // Two origins are complained about as such.
  if (text === undefined || ['from', 'value', 'template', 'expr'].some((key) => key in value))
    return { property, diagnostics: [] };
  const found = catalogued(known ?? [], text);
  const [only] = found;
  if (only === undefined || found.length > 1)
    return { property, diagnostics: [unknownName(mapping, property, text, known, found)] };
  const { property: _, ...rest } = value;
  const { path, previously } = only.property;
  const inEach = isEach(mapping);
  const said = {
    ...rest,
    from: fromRecord(path, inEach),
    ...(previously && { previously: previously.map((one) => fromRecord(one, inEach)) }),
  };
  const filledIn = ['path', 'previously'].flatMap((key) => {
    const places = only.document.nodes.get(`${only.pointer}/${key}`);
    return places === undefined ? [] : [[key === 'path' ? '/from' : '/previously', places] as const];
  });
  return { property: { ...property, value: said, filledIn }, diagnostics: [] };
}

function unknownName(
  mapping: Filled,
  property: WrittenProperty,
  text: string,
  known: readonly Catalogued[] | undefined,
  found: readonly Catalogued[],
): Diagnostic {
  const stream = streamOf(mapping);
  if (known === undefined) {
    return complainOf(property, 'property', 'ETL0264', `there is no catalog of \`${stream}\``, {
      label: 'is looked up there',
      help: [discoverHelp(mapping)],
    });
  }
  if (found.length > 1) {
    const ids = found.map((one) => one.property.id);
    return complainOf(property, 'property', 'ETL0264', `several properties are called \`${text}\``, {
      help: [`Name it by its id: ${listText(ids)}.`],
    });
  }
  const names = catalogNames(known);
  return complainOf(property, 'property', 'ETL0264', `\`${stream}\` has no property \`${text}\``, {
    label: didYouMean(text, names),
    help: [`properties of the catalog: ${listText(names)}`],
  });
}

/** `labels` as the map that it stands for. */
function withLabels(
  mapping: Filled,
  property: WrittenProperty,
  known: readonly Catalogued[] | undefined,
): Resolved {
  const { value } = property;
  const transforms = isJson(value) ? value['transform'] : undefined;
  const path = textAt(value, 'from');
  if (!isJson(value) || !Array.isArray(transforms) || !transforms.includes('labels') || path === undefined)
    return { property, diagnostics: [] };
  const found = atPath(mapping, property, known);
  const at = transforms.indexOf('labels');
  if (found?.property.options === undefined) {
    const summary = `the catalog has no options for \`${path}\``;
    const help = [
      known === undefined ? discoverHelp(mapping) : 'Write the labels yourself: `{map: {a: A}}`.',
    ];
    return { property, diagnostics: [complainOf(property, `transform/${at}`, 'ETL0265', summary, { help })] };
  }
  const map = labelMap(found.property);
  const transform = transforms.map((one: unknown) => (one === 'labels' ? map : one));
  const filledIn = [...(property.filledIn ?? []), ...labelPlaces(found, `/transform/${at}`)];
  return { property: { ...property, value: { ...value, transform }, filledIn }, diagnostics: [] };
}

/** Where the catalog has the label of each option. */
function labelPlaces(
  { document, pointer, property: { options = [], separator } }: Catalogued,
  transform: string,
): NonNullable<WrittenProperty['filledIn']> {
  const map = `${transform}/${separator === undefined ? 'map' : 'mapEach/values'}`;
  return options.flatMap(({ value }, index) => {
    const places = document.nodes.get(`${pointer}/options/${index}`);
    return places === undefined ? [] : [[below(map, value), places] as const];
  });
}

function labelMap({ options = [], separator }: config.CatalogProperty): config.TransformWith {
  const values = Object.fromEntries(options.map(({ value, label }) => [value, label ?? value]));
  return separator === undefined ? { map: values } : { mapEach: { separator, values } };
}
