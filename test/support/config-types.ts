import { compile, type JSONSchema } from 'json-schema-to-typescript';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const conditional = new Set([
  'if',
  'then',
  'else',
  'anyOf',
  'errorMessage',
  'x-literal',
  'x-names',
  'x-secret',
  'x-values',
  'minItems',
  'minProperties',
  'maxProperties',
]);

/** Definitions that are one of several others. */
const unions = new Map([
  ['Unmapped', ['UnmappedName', 'UnmappedKeep']],
  ['Transform', ['TransformName', 'TransformWith']],
  ['DescribeType', ['DescribeTypeName', 'DescribeTypeWith']],
]);

/**
 * The schema without what TypeScript cannot say: conditions, and `allOf` that only adds conditions. An `allOf` of one
 * `$ref` becomes that `$ref`. The real unions are spelled out.
 */
function plain(node: Json, key = ''): Json {
  if (Array.isArray(node)) return node.map((item) => plain(item));
  if (node === null || typeof node !== 'object') return node;
  const refs = Array.isArray(node['allOf']) ? node['allOf'] : [];
  const first = refs[0];
  if (
    refs.length === 1 &&
    first !== null &&
    typeof first === 'object' &&
    !Array.isArray(first) &&
    '$ref' in first
  ) {
    return { ...first };
  }
  const union = unions.get(key);
  if (union !== undefined)
    return { title: key, anyOf: union.map((name) => ({ $ref: `#/definitions/${name}` })) };
  const kept = Object.entries(node).filter(
    ([name]) => name !== 'allOf' && (key === 'properties' || !conditional.has(name)),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, plain(value, name)]));
}

/** TypeScript types of every kind in schema.json, as the text of engine/model/config.ts. */
export async function configTypes(schema: { definitions: Record<string, Json> }): Promise<string> {
  const definitions = plain(schema.definitions) as Record<string, Json>;
  const kinds = {
    Project: 1,
    Source: 1,
    Mapping: 1,
    Properties: 1,
    Catalog: 1,
    Test: 1,
    Overrides: 1,
    Parity: 1,
  };
  const root = {
    title: 'AnyConfig',
    anyOf: Object.keys(kinds).map((name) => ({ $ref: `#/definitions/${name}` })),
    definitions,
  };
  const made = await compile(root as unknown as JSONSchema, 'AnyConfig', {
    additionalProperties: false,
    bannerComment: '// Made from schema.json by `npm run types`. Do not edit.',
    style: { singleQuote: true, printWidth: 110 },
    strictIndexSignatures: false,
    unknownAny: true,
  });
  // As the formatter of the project writes unions that are too long for one line.
  return made.replace(/ =\n {2}('[^;\n]*);/g, (_, union: string) =>
    [' =', ...union.split(' | ').map((part) => `  | ${part}`)].join('\n').concat(';'),
  );
}
