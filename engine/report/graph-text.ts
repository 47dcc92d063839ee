import type { GraphNode } from '../model/graph.ts';
import { tableText } from './table.ts';

type Graph = readonly GraphNode[];

/** One line a node. */
export const nodesText = (graph: Graph): string =>
  tableText(
    ['name', 'kind', 'made of', 'tags'],
    graph.map(({ name, kind, from, tags }) => [name, kind, from.join(', '), tags.join(', ')]),
    [false, false, false, false],
  );

/** Lineage as a tree: under each source its streams, mappings and tables. */
export function lineageText(graph: Graph): string {
  const lines: string[] = [];
  const add = (node: GraphNode, depth: number): void => {
    lines.push(`${'  '.repeat(depth)}${node.name}`);
    for (const next of graph.filter(({ from }) => from.includes(node.name))) add(next, depth + 1);
  };
  for (const node of graph.filter(({ from }) => from.length === 0)) add(node, 0);
  return lines.join('\n');
}

const quoted = (name: string): string => `"${name.replaceAll('"', '\\"')}"`;

/** For Graphviz. */
export const dotText = (graph: Graph): string =>
  [
    'digraph etl {',
    '  rankdir=LR; node [shape=box];',
    ...graph.map(({ name, kind }) => `  ${quoted(name)} [shape=${shapes[kind]}];`),
    ...graph.flatMap(({ name, from }) => from.map((one) => `  ${quoted(one)} -> ${quoted(name)};`)),
    '}',
  ].join('\n');

const shapes: { readonly [kind in GraphNode['kind']]: string } = {
  source: 'component',
  stream: 'ellipse',
  mapping: 'box',
  table: 'cylinder',
};

/** For Markdown pages that draw Mermaid. */
export function mermaidText(graph: Graph): string {
  const ids = new Map(graph.map(({ name }, at) => [name, `n${at}`]));
  return [
    'flowchart LR',
    ...graph.map(({ name, kind }) => `  ${ids.get(name)}${box(kind, quoted(name))}`),
    ...graph.flatMap(({ name, from }) => from.map((one) => `  ${ids.get(one)} --> ${ids.get(name)}`)),
  ].join('\n');
}

function box(kind: GraphNode['kind'], text: string): string {
  switch (kind) {
    case 'source':
      return `[[${text}]]`;
    case 'stream':
      return `(${text})`;
    case 'mapping':
      return `[${text}]`;
    case 'table':
      return `[(${text})]`;
  }
}
