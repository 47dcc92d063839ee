import type { Path, PathSegment } from './plan.ts';

/** Why a path cannot be read: what is wrong, and at which character (from 0). */
export interface PathError {
  readonly message: string;
  readonly at: number;
}

const key = /[^.[\]'"\s]+/y;
const bracket = /\[(?:(\d+)|(\*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function bracketSegment(found: RegExpExecArray): PathSegment {
  const [, index, star, single, double] = found;
  if (index !== undefined) return { index: Number(index) };
  if (star !== undefined) return { any: 'element' };
  return { key: (single ?? double ?? '').replace(/\\(.)/g, '$1') };
}

function segments(text: string): readonly PathSegment[] | PathError {
  const found: PathSegment[] = [];
  let at = 0;
  while (at < text.length) {
    const opens = text[at] === '[';
    if (!opens && found.length > 0) {
      if (text[at] !== '.') return { message: 'expected `.` or `[`', at };
      at += 1;
    }
    const next = match(opens ? bracket : key, text, at);
    if (next === null) return { message: opens ? "expected [0], [*] or ['key']" : 'expected a key', at };
    found.push(opens ? bracketSegment(next) : next[0] === '*' ? { any: 'key' } : { key: next[0] });
    at += next[0].length;
  }
  return found;
}

/**
 * Reads `customer.email`, `lines[0].sku`, `properties['deal.stage']`, `*.note`, `lines[*].id`, `$parent.id`, `$index`.
 * With `inEach`, a plain path begins at the element and `$parent` at the record; otherwise both begin at the record.
 */
export function parsePath(text: string, inEach = false): Path | PathError {
  if (text === '$index') return { root: 'index', segments: [] };
  const parent = /^\$parent(?=$|[.[])\.?/.exec(text);
  const offset = parent === null ? 0 : parent[0].length;
  const read = segments(text.slice(offset));
  if ('message' in read) return { ...read, at: read.at + offset };
  return { root: parent === null && inEach ? 'element' : 'record', segments: read };
}

export const isPathError = (path: Path | PathError): path is PathError => 'message' in path;

/** A path that is known to be well formed. The empty text is the record itself. */
export function knownPath(text: string, inEach = false): Path {
  const path = parsePath(text, inEach);
  if (isPathError(path)) throw new Error(`Assertion failed: path "${text}": ${path.message}`);
  return path;
}

const plainKey = /^[^.[\]'"\s*]+$/;

/** The text of a path, without its root: for messages. */
export const pathText = (path: Path): string =>
  path.segments
    .map((segment, position) => {
      if ('index' in segment) return `[${segment.index}]`;
      if ('any' in segment) return segment.any === 'element' ? '[*]' : position === 0 ? '*' : '.*';
      if (!plainKey.test(segment.key)) return `['${segment.key.replace(/['\\]/g, '\\$&')}']`;
      return position === 0 ? segment.key : `.${segment.key}`;
    })
    .join('');

/** The value at a path of a parsed JSON value; own properties only, `undefined` where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const segment of path.segments) {
    if (current === null || typeof current !== 'object') return undefined;
    const name = 'index' in segment ? String(segment.index) : 'key' in segment ? segment.key : undefined;
    if (name === undefined || !Object.hasOwn(current, name)) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}
