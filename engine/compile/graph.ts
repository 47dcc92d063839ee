import { defaultAccount, streamName } from '../model/accounts.ts';
import type { GraphNode, Tags } from '../model/graph.ts';
import type { MappingPlan, Plan, StreamPlan } from '../model/plan.ts';
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

/**
 * The nodes of a plan, each behind those that it is made of. A source with accounts is a node, and so is each of them:
 * `shop@berlin`; so are its streams, and each as an account has it: `shop.orders@berlin`.
 */
export function graphOf(plan: Plan, tags: Tags): Graph {
  const mappings = Object.values(plan.mappings);
  const accounts = accountsIn(plan);
  const streamsOf = (mapping: MappingPlan): readonly string[] => [
    ...new Set([
      mapping.stream,
      ...(mapping.deletes?.streams ?? []).map(({ stream }) => declaredName(stream)),
    ]),
  ];
  const parents = parentsIn(plan);
  const streams = withParents([...new Set(mappings.flatMap(streamsOf))], parents);
  const node = (name: string, kind: GraphNode['kind'], from: readonly string[]): GraphNode => ({
    name,
    kind,
    tags: tags.get(name) ?? [],
    from,
  });
  const each = (name: string, source: string): readonly string[] => eachOf(name, accounts.get(source));
  return [
    ...[...accounts.keys()].flatMap((name) => [
      node(name, 'source', []),
      ...each(name, name).map((one) => ofAccount(node(one, 'source', [name]))),
    ]),
    ...streams.flatMap((name) => {
      const source = sourceOf(name);
      const { tags: own } = node(name, 'stream', []);
      const above = [source, ...(parents.get(name) ?? [])];
      return [
        node(name, 'stream', above),
        ...each(name, source).map((one) => ({
          ...ofAccount(
            node(
              one,
              'stream',
              above.map((other) => `${other}@${accountIn(one)}`),
            ),
          ),
          tags: own,
        })),
      ];
    }),
    ...mappings.map((mapping) => {
      const from = streamsOf(mapping);
      return node(mapping.name, 'mapping', [...from, ...from.flatMap((one) => each(one, sourceOf(one)))]);
    }),
    ...mappings.map(({ name, schema, table }) => node(`table ${schema}.${table}`, 'table', [name])),
  ];
}

/** The stream for whose records a stream is read, by their names. */
const parentsIn = ({ steps }: Plan): ReadonlyMap<string, readonly string[]> =>
  new Map(
    steps.flatMap((step) =>
      step.kind === 'extract' && step.stream.parent !== undefined
        ? [[streamName(step.stream), [`${step.stream.source}.${step.stream.parent.stream}`]] as const]
        : [],
    ),
  );

/** Each stream behind its parent, also where no mapping reads that. */
function withParents(
  streams: readonly string[],
  parents: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const found = new Set<string>();
  const add = (name: string): void => {
    for (const parent of parents.get(name) ?? []) if (!found.has(parent)) add(parent);
    found.add(name);
  };
  for (const name of streams) add(name);
  return [...found];
}

/** The accounts of each source; none where there is only `default`. */
function accountsIn({ sources }: Plan): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { name, account = defaultAccount } of Object.values(sources))
    found.set(name, [...(found.get(name) ?? []), account]);
  const isPlain = (accounts: readonly string[]): boolean => accounts.join() === defaultAccount;
  return new Map([...found].map(([name, accounts]) => [name, isPlain(accounts) ? [] : accounts]));
}

const eachOf = (name: string, accounts: readonly string[] = []): readonly string[] =>
  accounts.map((account) => `${name}@${account}`);

const sourceOf = (stream: string): string => stream.split('.')[0] ?? '';

const accountIn = (name: string): string => name.split('@')[1] ?? '';

const ofAccount = (node: GraphNode): GraphNode => ({ ...node, account: accountIn(node.name) });

/** The node of a stream, whatever reads it: with its account where its source names accounts, `default` too. */
export function streamNode(graph: Graph, { source, name, account }: StreamPlan): string {
  const full = `${source}.${declaredName(name)}`;
  return graph.some((node) => node.name === `${full}@${account}`) ? `${full}@${account}` : full;
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
