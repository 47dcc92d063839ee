import type * as config from '../../model/config.ts';

type Known = config.CatalogProperty;

/**
 * The properties of a stream as a mapping has them, in the order of the catalog. One that the provider has no more stays: its
 * column does, too.
 */
export function generatedProperties(stream: config.CatalogStream): config.Properties['properties'] {
  const custom = stream.properties.filter((property) => property.custom !== false);
  const columns = new Set(stream.properties.map(({ column }) => column));
  return Object.fromEntries(
    custom.flatMap((property) => [
      [property.column, columnOf(property)] as const,
      ...currencyOf(property, columns),
    ]),
  );
}

function columnOf(property: Known): config.Property {
  const { path, previously, type, zone, separator } = property;
  const description = descriptionOf(property);
  return {
    ...(description !== '' && { description }),
    from: path,
    ...(previously !== undefined && { previously }),
    type,
    ...(zone !== undefined && { zone }),
    ...(separator !== undefined && { transform: [{ split: separator }] }),
  };
}

function descriptionOf({ label, unit, archived, removed }: Known): string {
  const gone = removed === undefined ? archived && `archived since ${archived}` : `removed since ${removed}`;
  return [label, unit && `in ${unit}`, gone].filter((text) => text !== undefined && text !== '').join(', ');
}

function currencyOf(
  { column, currency, label, name }: Known,
  columns: ReadonlySet<string>,
): readonly (readonly [string, config.Property])[] {
  const beside = `${column}_currency`;
  if (currency === undefined || columns.has(beside)) return [];
  return [[beside, { description: `Currency of ${label ?? name}`, from: currency, type: 'string' }]];
}
