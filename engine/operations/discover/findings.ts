import type { FoundStream } from '../../model/catalog.ts';
import type { Diagnostic, Place } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { PropertyChange } from './changes.ts';
import type { DiscoveredChanges } from './discover.ts';

/** Changes of one stream that are said one by one. */
const changesMax = 50;

const codes: { readonly [kind in Exclude<PropertyChange['kind'], 'seen'>]: string } = {
  added: 'ETL1041',
  renamed: 'ETL1042',
  retyped: 'ETL1043',
  archived: 'ETL1044',
  removed: 'ETL1045',
  restored: 'ETL1046',
  options: 'ETL1047',
  unit: 'ETL1048',
};

const words: { readonly [kind in PropertyChange['kind']]: string } = {
  added: 'is new',
  renamed: 'has another name',
  retyped: 'has another type',
  archived: 'is archived',
  removed: 'is gone',
  restored: 'is back',
  options: 'has other options',
  unit: 'has another unit',
  seen: '',
};

const warning = (code: string, summary: string, ...help: readonly string[]): Diagnostic => ({
  ...complaint(code, summary, ...help),
  severity: 'warning',
});

/** What has changed since the catalog was committed. `placeOf` is where the catalog has a property. */
export function driftFindings(
  { stream, changes }: DiscoveredChanges,
  placeOf: (id: string) => Place | undefined,
): readonly Diagnostic[] {
  const found = changes.slice(0, changesMax).flatMap((change) => {
    if (change.kind === 'seen') return [];
    const place = placeOf(change.property.id);
    const { name, label } = change.property;
    const called = label === undefined ? name : `${name} (${label})`;
    const summary = `${stream}: the property ${called} ${words[change.kind]}: ${change.text}`;
    return [{ ...warning(codes[change.kind], summary, ...helpFor(change)), ...(place && { place }) }];
  });
  const left = changes.length - changesMax;
  return left <= 0
    ? found
    : [
        ...found,
        warning('ETL1041', `${stream}: ${left} more properties have changed`, 'Look at the catalog.'),
      ];
}

function helpFor({ kind, property: { column } }: PropertyChange): readonly string[] {
  switch (kind) {
    case 'added':
      return [
        `Mappings that use the generated file get the column ${column}; what it has of earlier records is read again with \`etl run --backfill\`.`,
      ];
    case 'renamed':
      return [`It keeps the column ${column}; kept pages are read at its former path.`];
    case 'retyped':
      return [`\`contract.types\` decides what becomes of the column ${column}; \`etl plan\` shows it.`];
    case 'archived':
    case 'removed':
      return [
        `The column ${column} stays, with NULL where a record has no value any more. \`etl discover --prune\` takes it out of the generated files.`,
      ];
    case 'options':
      return ['Where `labels` fills the column, kept pages are mapped again.'];
    case 'unit':
      return ['Values of before and after may not be compared: change the mapping, or tell its readers.'];
    default:
      return [];
  }
}

/** Types of a provider that nobody has translated. */
export function typeFindings({ stream, unknownTypes }: DiscoveredChanges): readonly Diagnostic[] {
  if (unknownTypes.length === 0) return [];
  return [
    warning(
      'ETL1049',
      `${stream}: \`describe.types\` has no type for ${unknownTypes.join(', ')}`,
      'Their properties are taken for string, which takes every value. List them under `types` of the stream.',
    ),
  ];
}

/** There was nothing to learn from: no `describe`, no kept page and no record. */
export const nothingFound = ({ stream, by }: FoundStream, source: string): Diagnostic =>
  warning(
    'ETL1050',
    by === 'describe'
      ? `${source}.${stream}: the provider describes no property`
      : `${source}.${stream}: there is no record to infer properties from`,
    by === 'describe'
      ? 'Check `describe.records` and `describe.name` of the stream. Its catalog stays as it is.'
      : 'Run `etl run` first, or declare `describe` of the stream. Its catalog stays as it is.',
  );
