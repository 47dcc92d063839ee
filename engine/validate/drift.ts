import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { type Catalogs, type Catalogued, cataloguedAt, collectCatalogs } from './catalogs.ts';
import type { Entries, Entry } from './entries.ts';
import { below, complain, keyPlace, placeText, valuePlace } from './places.ts';
import { recordPath } from './record-path.ts';
import { listText } from './suggest.ts';

/** A column of a mapping, with what the catalog says of what it reads. */
interface Read {
  readonly name: string;
  readonly property: config.Property;
  readonly known: Catalogued;
}

const goneSince = ({ property: { archived, removed } }: Catalogued): string | undefined => {
  if (removed !== undefined) return `removed since ${removed}`;
  return archived === undefined ? undefined : `archived since ${archived}`;
};

const isNumber = (type: string): boolean => /^(integer|double|decimal\()/.test(type);

/** Whether a column of one type can be meant for values of the other. */
function isMeant(own: string, provider: string): boolean {
  if (own === provider || own === 'string' || own === 'json') return true;
  if (isNumber(own) && isNumber(provider)) return own !== 'integer';
  // A list in one text, or a text that holds JSON, is for the mapping to read.
  return provider === 'json';
}

/**
 * Whether the values are only written as what the catalog says: times as seconds, and of what records show, numbers and times as texts.
 */
const isWritten = ({ format }: config.Property, { by, property: { type } }: Catalogued): boolean =>
  type === 'integer' ? format !== undefined && format !== 'iso' : type === 'string' && by === 'records';

function readIn({ config: mapping }: Entry<config.Mapping>, catalogs: Catalogs): readonly Read[] {
  const all = mapping && catalogs.get(mapping.from);
  if (mapping === undefined || all === undefined) return [];
  return Object.entries(mapping.properties).flatMap(([name, property]) => {
    const path =
      property.from === undefined ? undefined : recordPath(property.from, mapping.each !== undefined);
    const known = path === undefined ? undefined : cataloguedAt(all, path);
    return known === undefined ? [] : [{ name, property, known }];
  });
}

/** Columns that a mapping writes itself are told one by one, those of a file that it uses in one warning. */
function mappingDrift({ document }: Entry<config.Mapping>, reads: readonly Read[]): readonly Diagnostic[] {
  const placed = reads.map((read) => {
    const place = keyPlace(document, below('/properties', read.name));
    return { ...read, place, isOwn: place.file === document.file };
  });
  const own = placed.filter(({ isOwn }) => isOwn);
  return [
    ...own.flatMap(({ name, known, place }) => {
      const since = goneSince(known);
      return since === undefined
        ? []
        : gone(place, `\`${name}\` reads a property that the provider has ${since}`);
    }),
    ...own.flatMap((read) => retyped(document, read)),
  ];
}

const gone = (place: Diagnostic['place'], summary: string): readonly Diagnostic[] =>
  place === undefined
    ? []
    : [
        complain('ETL0266', place, summary, {
          severity: 'warning',
          help: [
            'The column stays as it is, with NULL where a record has no value any more.',
            'Take the property out, or run `etl discover --prune` where a generated file has it.',
          ],
        }),
      ];

function retyped(document: SourceDocument, { name, property, known }: Read): readonly Diagnostic[] {
  const { type, path } = known.property;
  if (isMeant(property.type, type) || isWritten(property, known)) return [];
  return [
    complain(
      'ETL0267',
      valuePlace(document, below('/properties', name, 'type')),
      `\`${name}\` is ${property.type}, and \`${path}\` is ${type} at the provider`,
      {
        severity: 'warning',
        label: `the catalog says so in ${placeText(valuePlace(known.document, `${known.pointer}/type`))}`,
        help: [
          'A value that does not fit is for `onInvalid`. Change the type, or leave it if all values fit.',
        ],
      },
    ),
  ];
}

/** How a generated file differs from what `etl discover` would make of the catalog. */
function fileDrift(
  document: SourceDocument,
  file: config.Properties,
  all: readonly Catalogued[],
): readonly Diagnostic[] {
  const custom = all.flatMap(({ property }) => (property.custom === false ? [] : [property]));
  const wanted = new Set(
    custom.flatMap(({ column, currency }) =>
      currency === undefined ? [column] : [column, `${column}_currency`],
    ),
  );
  const differences = [
    ...custom.flatMap((property) => columnDrift(property, file.properties[property.column]) ?? []),
    ...Object.keys(file.properties).flatMap((name) => (wanted.has(name) ? [] : [`${name} is gone`])),
  ];
  if (differences.length === 0) return [];
  const [source] = (file.stream ?? '').split('.');
  const summary = `\`${document.file}\` is not what the catalog makes of it`;
  return [
    complain('ETL0268', valuePlace(document, '/stream'), summary, {
      severity: 'warning',
      label: listText(differences, 6),
      help: [`\`etl discover ${source}\` writes it anew.`],
    }),
  ];
}

function columnDrift(
  { column, type, path }: config.CatalogProperty,
  now: config.Property | undefined,
): string | undefined {
  if (now === undefined) return `${column} is new`;
  if (now.type !== type) return `${column} is ${type} now, not ${now.type}`;
  return now.from === path ? undefined : `${column} stands at ${path} now`;
}

/** Properties of a generated file that the provider has no more, in one warning. */
function goneOf(
  document: SourceDocument,
  file: config.Properties,
  all: readonly Catalogued[],
): readonly Diagnostic[] {
  const names = all.flatMap((one) =>
    goneSince(one) !== undefined && file.properties[one.property.column] !== undefined
      ? [one.property.column]
      : [],
  );
  if (names.length === 0) return [];
  const are = names.length === 1 ? 'is a property' : 'are properties';
  return gone(
    keyPlace(document, below('/properties', names[0] ?? '')),
    `${listText(names)} ${are} of \`${document.file}\` that the provider has archived or removed`,
  );
}

/** What the committed catalogs say otherwise than mappings and generated files: drift that nobody has dealt with yet. */
export function catalogDrift(entries: Entries, documents: readonly SourceDocument[]): readonly Diagnostic[] {
  const catalogs = collectCatalogs(documents);
  return [
    ...entries.mappings.flatMap((entry) => mappingDrift(entry, readIn(entry, catalogs))),
    ...entries.properties.flatMap(({ document, config: file }) => {
      const all = file?.stream === undefined ? undefined : catalogs.get(file.stream);
      if (file === undefined || all === undefined || !document.file.startsWith('generated/')) return [];
      return [...fileDrift(document, file, all), ...goneOf(document, file, all)];
    }),
  ];
}
