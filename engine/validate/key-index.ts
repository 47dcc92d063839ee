import { isJson, type Json, objectAt } from './json.ts';
import { kinds } from './kinds.ts';

/** Where a key is allowed, as the dotted path of the object that holds it; the kind itself is the empty path. */
type Levels = ReadonlyMap<string, readonly string[]>;

const nameFor: { readonly [collection: string]: string } = {
  streams: 'STREAM',
  properties: 'PROPERTY',
  environments: 'ENVIRONMENT',
};

function resolved(schema: Json, root: unknown): Json {
  const refs = [
    schema['$ref'],
    ...(Array.isArray(schema['allOf']) ? schema['allOf'].map((part: Json) => part['$ref']) : []),
  ];
  const ref = refs.find((found): found is string => typeof found === 'string');
  return ref === undefined ? schema : objectAt(root, ...ref.split('/').slice(1));
}

function collect(schema: Json, root: unknown, path: readonly string[], levels: Map<string, string[]>): void {
  const target = resolved(schema, root);
  for (const [key, part] of Object.entries(objectAt(target, 'properties'))) {
    levels.set(key, [...(levels.get(key) ?? []), path.join('.')]);
    if (isJson(part)) collect(part, root, [...path, key], levels);
  }
  const last = path.at(-1) ?? '';
  if (isJson(target['items'])) collect(target['items'], root, [...path.slice(0, -1), `${last}[]`], levels);
  const named = target['additionalProperties'];
  if (isJson(named) && last in nameFor) collect(named, root, [...path, nameFor[last] ?? ''], levels);
}

function levelsOf(root: unknown, kind: string): Levels {
  const levels = new Map<string, string[]>();
  const definition = kind.charAt(0).toUpperCase() + kind.slice(1);
  collect(objectAt(root, 'definitions', definition), root, [], levels);
  return levels;
}

const where = (path: string, kind: string): string =>
  path === '' ? `the top level of a ${kind}` : `\`${path}\``;

/** `it belongs in …` for a key that is known, but not where it stands; nothing for one that is not known at all. */
export function elsewhere(root: unknown, kind: string, key: string): readonly string[] {
  const own = levelsOf(root, kind).get(key) ?? [];
  if (own.length > 0) {
    const places = own.slice(0, 3).map((path) => where(path, kind));
    return [`\`${key}\` belongs in ${places.join(' or ')}`];
  }
  const others = kinds.filter((other) => levelsOf(root, other).has(key));
  return others.length > 0 ? [`\`${key}\` is a key of a ${others.join(' or ')}, and this is a ${kind}`] : [];
}
