import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import type { NodePlaces } from '../model/project.ts';
import { nestingMax } from './parse-yaml.ts';
import type { SourceText } from './source-text.ts';
import { trapOf } from './trap.ts';

/** Most aliases that are followed in one file, each time that one is met. */
const aliasesMax = 100;
/** Most values that aliases may bring into one file. */
const aliasedValuesMax = 50_000;

/** What a document holds, as plain JSON, and where each node of it stands. */
export interface Nodes {
  readonly value: unknown;
  readonly places: ReadonlyMap<string, NodePlaces>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Ends the walk: what follows would only repeat the same complaint. */
class Stop extends Error {}

class Walk {
  readonly places = new Map<string, NodePlaces>();
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: SourceText;
  readonly #document: Document.Parsed;
  readonly #open = new Set<Alias>();
  #aliases = 0;
  #aliasedValues = 0;

  constructor(source: SourceText, document: Document.Parsed) {
    this.#source = source;
    this.#document = document;
  }

  value(node: unknown, pointer: string, depth: number, key?: Place): unknown {
    const place = key !== undefined && isEmpty(node) ? key : this.#placeOf(node as Node | null);
    if (depth > nestingMax) this.#stop(place, `values are nested deeper than ${nestingMax} levels`);
    if (this.#open.size > 0) this.#countAliased(place);
    if (isAlias(node)) return this.#aliased(node, pointer, depth, place, key);
    const trap = scalarTrap(node);
    this.places.set(pointer, { value: place, ...(key && { key }), ...(trap && { trap }) });
    return isScalar(node) ? node.value : this.#collection(node, pointer, depth);
  }

  #collection(node: unknown, pointer: string, depth: number): unknown {
    if (isSeq(node)) return node.items.map((item, at) => this.value(item, `${pointer}/${at}`, depth + 1));
    return isMap(node) ? Object.fromEntries(this.#entries(node, pointer, depth)) : null;
  }

  *#entries(map: YAMLMap, pointer: string, depth: number): Generator<[string, unknown]> {
    const first = new Map<string, Place>();
    for (const pair of map.items) {
      const place = this.#placeOf(pair.key as Node | null);
      const name = this.#keyText(pair, place);
      if (name === undefined) continue;
      const before = first.get(name);
      if (before !== undefined) this.#complainTwice(name, place, before);
      first.set(name, before ?? place);
      const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (before === undefined) yield [name, this.value(pair.value, below, depth + 1, place)];
    }
  }

  #keyText({ key }: Pair, place: Place): string | undefined {
    if (!isScalar(key)) {
      this.#complain('ETL0002', place, 'a key must be a plain text', 'not a text', [
        'Put a value that begins with `{` or `[`, such as a template, in quotes.',
      ]);
      return undefined;
    }
    if (key.value === '<<' && key.type === 'PLAIN') {
      this.#complain('ETL0005', place, 'merge keys are not part of YAML 1.2', 'a merge key', [
        'Write the keys out, or use an alias for the whole value: `key: *anchor`.',
      ]);
      return undefined;
    }
    return typeof key.value === 'string' ? key.value : (key.source ?? '');
  }

  #aliased(alias: Alias, pointer: string, depth: number, place: Place, key: Place | undefined): unknown {
    const target = alias.resolve(this.#document);
    if (target === undefined) {
      this.#complain('ETL0002', place, `\`*${alias.source}\` names no anchor`, 'no such anchor above', [
        `An alias repeats what \`&${alias.source}\` marks further up; put a text that begins with \`*\` in quotes.`,
      ]);
      return null;
    }
    this.#aliases += 1;
    if (this.#open.has(alias)) this.#stop(place, 'an alias contains itself');
    if (this.#aliases > aliasesMax) this.#stop(place, `aliases are followed more than ${aliasesMax} times`);
    this.#open.add(alias);
    const value = this.value(target, pointer, depth + 1, key);
    this.#open.delete(alias);
    return value;
  }

  #countAliased(place: Place): void {
    this.#aliasedValues += 1;
    if (this.#aliasedValues > aliasedValuesMax) {
      this.#stop(place, `aliases multiply into more than ${aliasedValuesMax} values`);
    }
  }

  #complainTwice(name: string, place: Place, before: Place): void {
    this.#complain('ETL0003', place, `the key \`${name}\` is there twice`, `first in line ${before.line}`, [
      'Keep one of them; otherwise one would silently hide the other.',
    ]);
  }

  #complain(code: string, place: Place, summary: string, label: string, help: readonly string[]): void {
    // What an alias repeats is met again and complained about once.
    if (this.diagnostics.some((other) => other.code === code && samePlace(other.place, place))) return;
    this.diagnostics.push({ code, severity: 'error', summary, place, label, help });
  }

  #stop(place: Place, summary: string): never {
    this.#complain('ETL0004', place, summary, 'the limit is passed here', ['Write the values out.']);
    throw new Stop();
  }

  #placeOf(node: Node | null): Place {
    const [start, end] = node?.range ?? [0, 0];
    return this.#source.place(start, end);
  }
}

const samePlace = (one: Place | undefined, other: Place): boolean =>
  one?.line === other.line && one.column === other.column;

const isEmpty = (node: unknown): boolean =>
  node === null || (isScalar(node) && node.value === null && !node.source);

const scalarTrap = (node: unknown) =>
  isScalar(node) && node.type === 'PLAIN' ? trapOf(node.source ?? '', node.value) : undefined;

/** Turns a parsed document into JSON and places. Aliases are followed within bounds. */
export function nodesOf(source: SourceText, document: Document.Parsed): Nodes {
  const walk = new Walk(source, document);
  let value: unknown = null;
  try {
    value = walk.value(document.contents, '', 0);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return { value, places: walk.places, diagnostics: walk.diagnostics };
}
