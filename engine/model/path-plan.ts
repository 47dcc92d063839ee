/**
 * A compiled path: keys, element positions, and `*` (any key) or `[*]` (any element).
 * `$parent` and `$index` are the `root` of a path inside `each`.
 */
export interface Path {
  readonly root: 'record' | 'element' | 'index';
  readonly segments: readonly PathSegment[];
}

export type PathSegment =
  | { readonly key: string }
  | { readonly index: number }
  | { readonly any: 'key' | 'element' };

/** A literal of a condition keeps the text of a number, so that long ones compare exactly. */
export type Literal = string | number | boolean | null;
