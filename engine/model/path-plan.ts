/**
 * A compiled path: keys, element positions, elements chosen by what they say, and `*` (any key) or `[*]` (any element).
 * `$parent` and `$index` are the `root` of a path inside `each`.
 */
export interface Path {
  readonly root: 'record' | 'element' | 'index';
  readonly segments: readonly PathSegment[];
}

export type PathSegment =
  | { readonly key: string }
  | { readonly index: number }
  | { readonly where: Chosen }
  | { readonly any: 'key' | 'element' };

/** What the keys of an element must say, as text, for a path to go through it: it is the one of its list that does. */
export interface Chosen {
  readonly [key: string]: string;
}

/** A literal of a condition keeps the text of a number, so that long ones compare exactly. */
export type Literal = string | number | boolean | null;
