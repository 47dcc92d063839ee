import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument, UnreadFile } from '../model/project.ts';
import { type Catalogs, collectCatalogs } from './catalogs.ts';
import { isJson, objectAt, textAt } from './json.ts';
import { expandPatterns } from './patterns.ts';
import { resolveProperty } from './resolve-property.ts';
import type { Filled } from './substitute.ts';
import { propertiesOf, usedBy, type WrittenProperty, withProperties } from './use.ts';

export interface Expanded {
  readonly filled: readonly Filled[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Mappings with the properties of the files that they `use`, and with what they leave to a catalog: patterns, properties
 * by id or label, labels of options. What a mapping writes itself wins. Pure.
 */
export function expandMappings(
  filled: readonly Filled[],
  documents: readonly SourceDocument[],
  unread: readonly UnreadFile[],
): Expanded {
  const catalogs = collectCatalogs(documents);
  const diagnostics: Diagnostic[] = [];
  const expanded = filled.map((one) => {
    if (textAt(one.value, 'kind') !== 'mapping' || !isJson(objectAt(one.value)['properties'])) return one;
    const found = expandOne(one, filled, catalogs, unread);
    diagnostics.push(...found.diagnostics);
    return found.filled;
  });
  return { filled: expanded, diagnostics };
}

function expandOne(
  mapping: Filled,
  all: readonly Filled[],
  catalogs: Catalogs,
  unread: readonly UnreadFile[],
): { readonly filled: Filled; readonly diagnostics: readonly Diagnostic[] } {
  const known = catalogs.get(textAt(mapping.value, 'from') ?? '');
  const own = propertiesOf(mapping);
  const patterns = expandPatterns(mapping, own, known);
  const used = usedBy(mapping, all, unread);
  const written = [...patterns.properties, ...others(patterns.properties, used.properties)];
  const resolved = written.map((property) => resolveProperty(mapping, property, known));
  const diagnostics = [
    ...patterns.diagnostics,
    ...used.diagnostics,
    ...resolved.flatMap((one) => one.diagnostics),
  ];
  const properties = resolved.map(({ property }) => property);
  const isSame =
    properties.length === own.length && properties.every((one, at) => one.value === own[at]?.value);
  return { filled: isSame ? mapping : withProperties(mapping, properties), diagnostics };
}

/** Used properties of whose column and path the mapping itself says nothing. */
function others(
  own: readonly WrittenProperty[],
  used: readonly WrittenProperty[],
): readonly WrittenProperty[] {
  const columns = new Set(own.map(({ name }) => name.toLowerCase()));
  const paths = new Set(own.flatMap(({ value }) => textAt(value, 'from') ?? []));
  return used.filter(
    ({ name, value }) => !columns.has(name.toLowerCase()) && !paths.has(textAt(value, 'from') ?? ''),
  );
}
