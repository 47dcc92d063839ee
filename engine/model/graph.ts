/** What a project is made of, as people name it: `shop`, `shop.orders`, `order_lines`, and the table it fills. */
export interface GraphNode {
  readonly name: string;
  readonly kind: 'source' | 'stream' | 'mapping' | 'table';
  /** Of which one of several it is: of a source, or of a stream. */
  readonly account?: string;
  readonly tags: readonly string[];
  /** Names of the nodes that it is made of. */
  readonly from: readonly string[];
}

/** What people look at: a source with many accounts is one there, and each of its streams is. */
export const withoutAccounts = (graph: readonly GraphNode[]): readonly GraphNode[] =>
  without(graph, ({ account }) => account !== undefined);

/** The same with the accounts of sources. */
export const withAccountSources = (graph: readonly GraphNode[]): readonly GraphNode[] =>
  without(graph, ({ account, kind }) => account !== undefined && kind !== 'source');

function without(graph: readonly GraphNode[], isHidden: (node: GraphNode) => boolean): readonly GraphNode[] {
  const hidden = new Set(graph.filter(isHidden).map(({ name }) => name));
  return graph
    .filter(({ name }) => !hidden.has(name))
    .map((node) => ({ ...node, from: node.from.filter((one) => !hidden.has(one)) }));
}

/** Tags by the name of a mapping or stream; they decide nothing of what a run does. */
export type Tags = ReadonlyMap<string, readonly string[]>;
