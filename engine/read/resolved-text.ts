import { Document, isCollection, isMap, isScalar, isSeq, type Node } from 'yaml';

/** Longest text of a value that stands on one line with the place that it comes from. */
const lineMax = 100;

const below = (pointer: string, key: unknown): string =>
  `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** What a collection holds, with pointers. */
function itemsOf(node: Node, pointer: string): readonly (readonly [item: Node, pointer: string])[] {
  if (isMap<Node, Node | null>(node))
    return node.items.flatMap(({ key, value }) =>
      value === null ? [] : [[value, below(pointer, isScalar(key) ? key.value : key)] as const],
    );
  return isSeq<Node>(node) ? node.items.map((item, at) => [item, below(pointer, at)] as const) : [];
}

class Telling {
  readonly #originOf: (pointer: string) => string;

  constructor(originOf: (pointer: string) => string) {
    this.#originOf = originOf;
  }

  tell(node: Node, pointer: string): void {
    const origins = this.#originsIn(node, pointer);
    const [first] = origins;
    const isOne = origins.size === 1 && JSON.stringify(node).length <= lineMax;
    if (first !== undefined && pointer !== '' && (isOne || !isCollection(node))) {
      if (isCollection(node)) node.flow = true;
      node.comment = ` ${first}`;
      return;
    }
    for (const [item, at] of itemsOf(node, pointer)) this.tell(item, at);
  }

  /** Where the values below a node were written. */
  #originsIn(node: Node, pointer: string): ReadonlySet<string> {
    const items = itemsOf(node, pointer);
    if (items.length === 0) return new Set([this.#originOf(pointer)]);
    return new Set(items.flatMap(([item, at]) => [...this.#originsIn(item, at)]));
  }
}

/** A value as YAML; behind each line where what stands on it was written. `originOf` is asked with JSON pointers. */
export function resolvedText(value: object, originOf: (pointer: string) => string): string {
  const document = new Document(value);
  if (document.contents !== null) new Telling(originOf).tell(document.contents, '');
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}
