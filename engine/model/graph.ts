/** What a project is made of, as people name it: `shop`, `shop.orders`, `order_lines`, and the table it fills. */
export interface GraphNode {
  readonly name: string;
  readonly kind: 'source' | 'stream' | 'mapping' | 'table';
  readonly tags: readonly string[];
  /** Names of the nodes that it is made of. */
  readonly from: readonly string[];
}

/** Tags by the name of a mapping or stream; they decide nothing of what a run does. */
export type Tags = ReadonlyMap<string, readonly string[]>;
