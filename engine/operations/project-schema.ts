import type { Project } from '../model/project.ts';

/** Names of a project, by what `x-names` of schema.json asks for. */
export type ProjectNames = { readonly [kind: string]: readonly string[] };

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Node = { readonly [key: string]: Json };

export function projectNames(
  { sources, mappings }: Project,
  environments: readonly string[],
  connectors: readonly string[],
): ProjectNames {
  const streams = sources.flatMap(({ name, streams: own }) =>
    Object.keys(own).map((stream) => ({ source: name, stream })),
  );
  const tags = [...mappings, ...sources.flatMap((source) => Object.values(source.streams))];
  const names = {
    stream: streams.map(({ source, stream }) => `${source}.${stream}`),
    own_stream: streams.map(({ stream }) => stream),
    mapping: mappings.map(({ name }) => name),
    column: mappings.flatMap(({ properties }) => Object.keys(properties)),
    tag: tags.flatMap((one) => one.tags ?? []),
    environment: environments,
    connector: connectors,
  };
  return Object.fromEntries(Object.entries(names).map(([kind, all]) => [kind, [...new Set(all)].sort()]));
}

/**
 * schema.json with the names of a project: an editor offers them wherever one belongs. Another name stays allowed, since files are
 * written before the schema is made anew.
 */
export function projectSchema(schema: unknown, names: ProjectNames): unknown {
  return named(schema as Json, names);
}

function named(node: Json, names: ProjectNames): Json {
  if (Array.isArray(node)) return node.map((item) => named(item, names));
  if (node === null || typeof node !== 'object') return node;
  const inner = Object.fromEntries(
    Object.entries(node as Node).map(([key, value]) => [key, named(value, names)]),
  );
  const kind = inner['x-names'];
  const known = typeof kind === 'string' ? names[kind] : undefined;
  if (known === undefined || known.length === 0) return inner;
  return inner['type'] === 'object' ? withKeys(inner, known) : withValues(inner, known);
}

/** Keys that are names: each has values as all of them have. */
function withKeys({ 'x-names': _, ...node }: Node, known: readonly string[]): Node {
  const value = node['additionalProperties'] ?? {};
  return { ...node, properties: Object.fromEntries(known.map((name) => [name, value])) };
}

/** Examples are those of a made-up project: the names of this one take their place. */
function withValues(node: Node, known: readonly string[]): Node {
  const { 'x-names': _, examples: __, pattern, minLength, errorMessage, ...rest } = node;
  const other = {
    type: 'string',
    ...(pattern !== undefined && { pattern }),
    ...(minLength !== undefined && { minLength }),
    ...(errorMessage !== undefined && { errorMessage }),
  };
  return { ...rest, anyOf: [{ enum: known }, other] };
}
