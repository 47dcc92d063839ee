import type { GraphNode, Tags } from '../model/graph.ts';
import type { Plan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { declaredName } from '../model/sweep.ts';

type Graph = readonly GraphNode[];

/** What mappings and streams are tagged with. */
export const tagsOf = ({ mappings, sources }: Project): Tags =>
  new Map([
    ...mappings.map(({ name, tags = [] }) => [name, tags] as const),
    ...sources.flatMap((source) =>
      Object.entries(source.streams).map(
        ([name, { tags = [] }]) => [`${source.name}.${name}`, tags] as const,
      ),
    ),
  ]);

/** The nodes of a plan, each behind those that it is made of. */
export function graphOf(plan: Plan, tags: Tags): Graph {
  const mappings = Object.values(plan.mappings);
  const streamsOf = (mapping: (typeof mappings)[number]): readonly string[] => [
    ...new Set([
      mapping.stream,
      ...(mapping.deletes?.streams ?? []).map(({ stream }) => declaredName(stream)),
    ]),
  ];
  const streams = [...new Set(mappings.flatMap(streamsOf))];
  const node = (name: string, kind: GraphNode['kind'], from: readonly string[]): GraphNode => ({
    name,
    kind,
    tags: tags.get(name) ?? [],
    from,
  });
  return [
    ...Object.keys(plan.sources).map((name) => node(name, 'source', [])),
    ...streams.map((name) => node(name, 'stream', [name.split('.')[0] ?? ''])),
    ...mappings.map((mapping) => node(mapping.name, 'mapping', streamsOf(mapping))),
    ...mappings.map(({ name, schema, table }) => node(`table ${schema}.${table}`, 'table', [name])),
  ];
}

/** Nodes that these are made of, themselves included. */
export const upstream = (graph: Graph, names: ReadonlySet<string>): ReadonlySet<string> =>
  closed(names, (name) => graph.find((one) => one.name === name)?.from ?? []);

/** Nodes that are made of these, themselves included. */
export const downstream = (graph: Graph, names: ReadonlySet<string>): ReadonlySet<string> =>
  closed(names, (name) => graph.filter(({ from }) => from.includes(name)).map((one) => one.name));

function closed(names: ReadonlySet<string>, next: (name: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(names);
  for (const name of found) for (const other of next(name)) found.add(other);
  return found;
}
