import type * as config from '../model/config.ts';
import type { SourceDocument } from '../model/project.ts';
import { isJson, objectAt, textAt } from './json.ts';

/** A property of a catalog and where it stands. */
export interface Catalogued {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly property: config.CatalogProperty;
  /** Who says so: the provider, or sampled records. */
  readonly by: config.CatalogStream['by'];
}

/** What catalogs say of the properties of streams; a catalog that is wrong is complained about for itself. */
export type Catalogs = ReadonlyMap<string, readonly Catalogued[]>;

const isWhole = (value: unknown): value is config.CatalogProperty =>
  isJson(value) && ['id', 'name', 'path', 'column', 'type'].every((key) => typeof value[key] === 'string');

/** The properties of every stream, by `source.stream`. */
export function collectCatalogs(documents: readonly SourceDocument[]): Catalogs {
  const found = new Map<string, readonly Catalogued[]>();
  for (const document of documents) {
    const source = textAt(document.value, 'source');
    if (textAt(document.value, 'kind') !== 'catalog' || source === undefined) continue;
    for (const [stream, value] of Object.entries(objectAt(document.value, 'streams')))
      found.set(`${source}.${stream}`, propertiesOf(document, stream, objectAt(value)));
  }
  return found;
}

function propertiesOf(
  document: SourceDocument,
  stream: string,
  { properties, by }: ReturnType<typeof objectAt>,
): readonly Catalogued[] {
  const who = by === 'records' ? by : 'describe';
  return (Array.isArray(properties) ? properties : []).flatMap((property: unknown, at) =>
    isWhole(property)
      ? [{ document, pointer: `/streams/${stream}/properties/${at}`, property, by: who }]
      : [],
  );
}

const keys = ['id', 'name', 'label'] as const;

/** The properties that a text names: by id where there is one, otherwise by name, otherwise by label. */
export function catalogued(all: readonly Catalogued[], text: string): readonly Catalogued[] {
  for (const key of keys) {
    const found = all.filter(({ property }) => property[key] === text);
    if (found.length > 0) return found;
  }
  return [];
}

/** Everything that a property may be called by. */
export const catalogNames = (all: readonly Catalogued[]): readonly string[] => [
  ...new Set(all.flatMap(({ property: { label, name } }) => [...(label === undefined ? [] : [label]), name])),
];

/** The property that stands at a path of a record. */
export const cataloguedAt = (all: readonly Catalogued[], path: string): Catalogued | undefined =>
  all.find(({ property }) => property.path === path);
