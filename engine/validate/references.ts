/** A reference in a text: `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` or `${var:NAME}`. */
export interface Reference {
  readonly kind: 'env' | 'file' | 'var';
  readonly name: string;
  /** As written. */
  readonly text: string;
  /** At which character of the text it begins. */
  readonly at: number;
  readonly hasDefault: boolean;
}

/** A `${` that begins no reference. */
export interface Malformed {
  readonly kind: 'malformed' | 'escaped_reference';
  readonly text: string;
  readonly at: number;
}

/** `$${`, which stands for a plain `${`. */
export interface Escape {
  readonly kind: 'escape';
  readonly text: string;
  readonly at: number;
}

export type Part = Reference | Malformed | Escape;

const opening = /\$\$\{|\$\{([^}]*)(\}?)/g;
const inner = /^(?:(env):([A-Za-z_]\w*)(:-.*)?|(file|var):([^\s]+))$/s;

function partOf(found: RegExpExecArray, text: string): Part {
  const [whole, content = '', close] = found;
  const at = found.index;
  if (whole === '$${') {
    // Whoever fills in env and file cannot tell a literal one from a reference.
    const literal = /^\$\$\{(?:env|file):[^}]*\}?/.exec(text.slice(at));
    return literal
      ? { kind: 'escaped_reference', text: literal[0], at }
      : { kind: 'escape', text: whole, at };
  }
  const read = close === '}' ? inner.exec(content) : null;
  if (read === null) return { kind: 'malformed', text: whole, at };
  const kind = (read[1] ?? read[4]) as Reference['kind'];
  return { kind, name: read[2] ?? read[5] ?? '', text: whole, at, hasDefault: read[3] !== undefined };
}

/** Everything in a text that begins with `${` or `$${`, in order. */
export const partsOf = (text: string): readonly Part[] =>
  text.includes('${') ? [...text.matchAll(opening)].map((found) => partOf(found, text)) : [];

export const isReference = (part: Part): part is Reference =>
  part.kind === 'env' || part.kind === 'file' || part.kind === 'var';

const consistsOf = (text: string, accepts: (part: Part) => boolean): boolean => {
  const parts = partsOf(text);
  const length = parts.reduce((sum, part) => sum + part.text.length, 0);
  return parts.length > 0 && length === text.length && parts.every(accepts);
};

const isSafeReference = (part: Part): boolean => isReference(part) && !part.hasDefault;

/** Whether a text is nothing but references without defaults: the only thing that a secret may be. */
export const isOnlyReferences = (text: string): boolean => consistsOf(text, isSafeReference);

/** A misspelt reference: `${evn:NAME}`, `${env:NAME` and `${NAME}`, but nothing that a secret could look like. */
const misspelt = /^\$\{(?:[a-z]{1,8}:[\w./-]+\}?|[A-Z_][A-Z0-9_]*\})$/;

/** The same with misspelt references among them. */
export const isMeantAsReferences = (text: string): boolean =>
  consistsOf(
    text,
    (part) => isSafeReference(part) || (part.kind === 'malformed' && misspelt.test(part.text)),
  );
