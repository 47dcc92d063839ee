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
  return { property: labelled.property, diagnostics: [...named.diagnostics, ...labelled.diagnostics] };
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
  return { property: { ...property, value: said }, diagnostics: [] };
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
  const whole = recordPath(path, isEach(mapping));
  const options = whole === undefined ? undefined : cataloguedAt(known ?? [], whole)?.property;
  const at = transforms.indexOf('labels');
  if (options?.options === undefined) {
    const summary = `the catalog has no options for \`${path}\``;
    const help = [
      known === undefined ? discoverHelp(mapping) : 'Write the labels yourself: `{map: {a: A}}`.',
    ];
    return { property, diagnostics: [complainOf(property, `transform/${at}`, 'ETL0265', summary, { help })] };
  }
  const map = labelMap(options);
  const transform = transforms.map((one: unknown) => (one === 'labels' ? map : one));
  return { property: { ...property, value: { ...value, transform } }, diagnostics: [] };
}

function labelMap({ options = [], separator }: config.CatalogProperty): config.TransformWith {
  const values = Object.fromEntries(options.map(({ value, label }) => [value, label ?? value]));
  return separator === undefined ? { map: values } : { mapEach: { separator, values } };
}
