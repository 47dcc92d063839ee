import type { NodePlaces, SourceDocument } from '../model/project.ts';
import { isJson, type Json } from './json.ts';
import { below } from './places.ts';

type Nodes = Map<string, NodePlaces>;

/** Takes over where a value and all below it stand. */
function copyPlaces(from: SourceDocument, value: unknown, pointer: string, into: Nodes): void {
  const node = from.nodes.get(pointer);
  if (node !== undefined) into.set(pointer, node);
  if (!Array.isArray(value) && !isJson(value)) return;
  for (const [key, item] of Object.entries(value)) copyPlaces(from, item, below(pointer, key), into);
}

/** Settings of one `type` say nothing to those of another: an API key is no part of a bearer token. */
const isOtherKind = (under: Json, own: Json): boolean =>
  typeof under['type'] === 'string' && typeof own['type'] === 'string' && under['type'] !== own['type'];

class Extension {
  readonly nodes: Nodes = new Map();
  readonly #base: SourceDocument;
  readonly #over: SourceDocument;

  constructor(base: SourceDocument, over: SourceDocument) {
    this.#base = base;
    this.#over = over;
  }

  /** An object that both have: the places of its own keys are those of the document that wrote the value. */
  merge(base: Json, over: Json, pointer: string): Json {
    const node = this.#over.nodes.get(pointer) ?? this.#base.nodes.get(pointer);
    if (node !== undefined) this.nodes.set(pointer, node);
    const merged: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys(base), ...Object.keys(over)])) {
      const isTakenAway = Object.hasOwn(base, key) && over[key] === null;
      if (!isTakenAway) merged[key] = this.#value(base, over, key, below(pointer, key));
    }
    return merged;
  }

  #value(base: Json, over: Json, key: string, pointer: string): unknown {
    const [under, own] = [base[key], over[key]];
    if (!Object.hasOwn(over, key)) return this.#taken(this.#base, under, pointer);
    return isJson(under) && isJson(own) && !isOtherKind(under, own)
      ? this.merge(under, own, pointer)
      : this.#taken(this.#over, own, pointer);
  }

  #taken(from: SourceDocument, value: unknown, pointer: string): unknown {
    copyPlaces(from, value, pointer, this.nodes);
    return value;
  }
}

/**
 * A document that says what `base` says and what `over` changes: objects merge key by key, lists and scalars replace, `null` takes a
 * key away; what has another `type` replaces, too. Each value keeps the place where it was written.
 */
export function extend(base: SourceDocument, over: SourceDocument): SourceDocument {
  if (!isJson(base.value) || !isJson(over.value)) return over;
  const extension = new Extension(base, over);
  const value = extension.merge(base.value, over.value, '');
  return { file: over.file, value, nodes: extension.nodes };
}
