type Json = { readonly [key: string]: unknown };

const keysOf = (definitions: Json, name: string): Record<string, Json> =>
  ((definitions[name] as Json)['properties'] ?? {}) as Record<string, Json>;

const facts = (key: Json): Json => ({
  description: key['description'],
  ...('examples' in key && { examples: key['examples'] }),
});

/** What a source says for itself alone. */
const ofOneSource = ['kind', 'name', 'connector', 'vars', 'accounts'];

/** A key as another kind has it. */
const asIn = (kind: string, name: string, key: Json): Json => ({
  allOf: [{ $ref: `#/definitions/${kind}/properties/${name}` }],
  ...facts(key),
});

/** The same, or nothing: what the connector says is taken away. */
const orNothing = (kind: string, name: string, key: Json): Json => ({
  if: { not: { type: 'null' } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { $ref: `#/definitions/${kind}/properties/${name}` },
  ...facts(key),
});

const mapped = (keys: Record<string, Json>, change: (name: string, key: Json) => Json): Json =>
  Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, change(name, key)]));

/** Keys of a source that a connector has as well, behind its own. */
function connectorKeys(definitions: Json): Json {
  const source = keysOf(definitions, 'Source');
  const own = keysOf(definitions, 'Connector');
  const shared = Object.entries(source).filter(([name]) => !ofOneSource.includes(name));
  const added = shared.map(([name, key]) => [name, asIn('Source', name, key)]);
  const kept = Object.entries(own).filter(([name]) => !(name in source) || ofOneSource.includes(name));
  return Object.fromEntries([...kept, ...added]);
}

/** What a source says that names a connector: changes, and what may be left out. */
function connectedKeys(definitions: Json): Json {
  const source = keysOf(definitions, 'Source');
  const changes = mapped(keysOf(definitions, 'Stream'), (name, key) => orNothing('Stream', name, key));
  return mapped(source, (name, key) => {
    if (['kind', 'name', 'connector'].includes(name)) return asIn('Source', name, key);
    if (name !== 'streams') return orNothing('Source', name, key);
    return {
      type: 'object',
      description:
        'What is changed of the connector’s streams, by name. `orders: {}` reads one that no mapping names; a stream with a `request` that the connector does not have is one of the source’s own.',
      propertyNames: key['propertyNames'],
      additionalProperties: {
        title: 'StreamChange',
        description: 'What a source changes of a stream of its connector, or a stream of its own.',
        type: ['object', 'null'],
        additionalProperties: false,
        properties: changes,
      },
      examples: [{ orders: { cursor: { start: '2026-01-01T00:00:00Z' } } }],
    };
  });
}

/** schema.json with the keys of a source where connectors, and sources that name one, have them, too. */
export function withConnectorKeys(schema: Json): Json {
  const definitions = schema['definitions'] as Json;
  const withKeys = (name: string, properties: Json): Json => ({
    ...(definitions[name] as Json),
    properties,
  });
  return {
    ...schema,
    definitions: {
      ...definitions,
      Connector: withKeys('Connector', connectorKeys(definitions)),
      ConnectedSource: withKeys('ConnectedSource', connectedKeys(definitions)),
    },
  };
}
