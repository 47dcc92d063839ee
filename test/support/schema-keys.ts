type Schema = Record<string, unknown>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const children = (node: Schema, name: string): [string, Schema][] =>
  Object.entries(isSchema(node[name]) ? node[name] : {}).map(([key, child]) => [
    key,
    isSchema(child) ? child : {},
  ]);

/** A key's schema with what its `$ref`, or an `allOf` of one `$ref`, says about it. */
function referred(node: Schema, root: Schema): Schema {
  const all = Array.isArray(node['allOf']) && isSchema(node['allOf'][0]) ? node['allOf'][0] : {};
  const otherwise = isSchema(node['then']) ? node['then'] : {};
  const ref = node['$ref'] ?? all['$ref'] ?? otherwise['$ref'];
  const parts = typeof ref === 'string' ? ref.split('/').slice(1) : [];
  const target = parts.reduce<Schema>((at, part) => (isSchema(at[part]) ? at[part] : {}), root);
  return ref === undefined ? node : { ...target, ...node };
}

const isScalar = (node: Schema): boolean =>
  'enum' in node ||
  'const' in node ||
  [node['type']].flat().some((type) => ['string', 'number', 'integer', 'boolean'].includes(String(type)));

function faults(key: Schema): string[] {
  const shown = 'examples' in key || 'default' in key;
  return [
    ...(typeof key['description'] === 'string' ? [] : ['no description']),
    ...(isScalar(key) && !shown ? ['neither an example nor a default'] : []),
  ];
}

/** Keys are declared by `properties`; conditions (`if`, `then`) only speak of keys that are declared. */
function below(path: string, node: Schema, root: Schema): string[] {
  const keys = children(node, 'properties').flatMap(([name, key]) => [
    ...faults(referred(key, root)).map((fault) => `${path}.${name}: ${fault}`),
    ...below(`${path}.${name}`, key, root),
  ]);
  const elements = ['items', 'additionalProperties'].flatMap((name) =>
    isSchema(node[name]) ? below(`${path}[]`, node[name], root) : [],
  );
  return [...keys, ...elements];
}

/** What schema.json does not tell a reader: every key has a description, every scalar an example or a default. */
export const untold = (schema: Schema): string[] =>
  [['(root)', schema] as [string, Schema], ...children(schema, 'definitions')].flatMap(([name, node]) =>
    below(name, node, schema),
  );
