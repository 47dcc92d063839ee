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
    const next = nextSegment(text, at, found.length > 0);
    if ('message' in next) return next;
    found.push(next.segment);
    at = next.end;
  }
  return found;
}

/** One segment, with the `.` before it when it is not the first. */
function nextSegment(
  text: string,
  at: number,
  inside: boolean,
): { segment: PathSegment; end: number } | PathError {
  const opens = text[at] === '[';
  const dotted = inside && !opens;
  if (dotted && text[at] !== '.') return { message: 'expected `.` or `[`', at };
  const start = dotted ? at + 1 : at;
  const next = match(opens ? bracket : key, text, start);
  if (next === null) return { message: opens ? "expected [0], [*] or ['key']" : 'expected a key', at: start };
  const plain: PathSegment = next[0] === '*' ? { any: 'key' } : { key: next[0] };
  return { segment: opens ? bracketSegment(next) : plain, end: start + next[0].length };
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
    .map(segmentText)
    .map((text, position) => (position === 0 || text.startsWith('[') ? text : `.${text}`))
    .join('');

function segmentText(segment: PathSegment): string {
  if ('index' in segment) return `[${segment.index}]`;
  if ('any' in segment) return segment.any === 'element' ? '[*]' : '*';
  return plainKey.test(segment.key) ? segment.key : `['${segment.key.replace(/['\\]/g, '\\$&')}']`;
}

/** The value at a path of a parsed JSON value; own properties only, `undefined` where there is none. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.segments.reduce((current: unknown, segment) => own(current, segment), value);

function own(value: unknown, segment: PathSegment): unknown {
  if (value === null || typeof value !== 'object' || 'any' in segment) return undefined;
  const name = 'index' in segment ? String(segment.index) : segment.key;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A response with no records at a path, and with nothing else. */
export const emptyResponse = ({ segments }: Path): unknown =>
  segments.reduceRight<unknown>((inner, segment) => {
    if ('index' in segment) return [...Array<null>(segment.index).fill(null), inner];
    return 'key' in segment ? { [segment.key]: inner } : inner;
  }, []);
