import type { Chosen, Path, PathSegment } from './plan.ts';

/** Why a path cannot be read: what is wrong, and at which character (from 0). */
export interface PathError {
  readonly message: string;
  readonly at: number;
}

const key = /[^.[\]'"\s]+/y;
const bracket = /\[(?:(\d+)|(\*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y;

const quoted = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/.source;
const term = `([^.[\\]'"\\s=*]+)\\s*=\\s*(${quoted})`;
const chosen = new RegExp(`\\[\\s*${term}(?:\\s+and\\s+${term})*\\s*\\]`, 'y');

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

/** Texts within quotes, as they are meant. */
const unquoted = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, '$1');

function chosenSegment([found]: RegExpExecArray): PathSegment {
  const terms = [...found.matchAll(new RegExp(term, 'g'))];
  return { where: Object.fromEntries(terms.map(([, name = '', value = '']) => [name, unquoted(value)])) };
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

const bracketHelp = "expected [0], [*], ['key'] or [key='text']";

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
  if (opens) return inBrackets(text, start);
  const next = match(key, text, start);
  if (next === null) return { message: 'expected a key', at: start };
  return { segment: next[0] === '*' ? { any: 'key' } : { key: next[0] }, end: start + next[0].length };
}

function inBrackets(text: string, at: number): { segment: PathSegment; end: number } | PathError {
  const choosing = match(chosen, text, at);
  if (choosing !== null) return { segment: chosenSegment(choosing), end: at + choosing[0].length };
  const next = match(bracket, text, at);
  return next === null
    ? { message: bracketHelp, at }
    : { segment: bracketSegment(next), end: at + next[0].length };
}

/**
 * Reads `customer.email`, `lines[0].sku`, `properties['deal.stage']`, `attributes[name='color' and locale='en'].value`,
 * `*.note`, `lines[*].id`, `$parent.id`, `$index`.
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
  if ('where' in segment) return `[${chosenText(segment.where)}]`;
  return plainKey.test(segment.key) ? segment.key : `['${escaped(segment.key)}']`;
}

/** A text as it stands between single quotes of a path. */
export const escaped = (text: string): string => text.replace(/['\\]/g, '\\$&');

/** What an element is chosen by, as a path says it. */
export const chosenText = (where: Chosen): string =>
  Object.entries(where)
    .map(([name, value]) => `${name}='${escaped(value)}'`)
    .join(' and ');

/** The same for paths that mean the same, in whatever order they name what an element is chosen by. */
export const segmentsText = (all: readonly PathSegment[]): string =>
  JSON.stringify(
    all.map((segment) => ('where' in segment ? { where: Object.entries(segment.where).sort() } : segment)),
  );

/** Whether an element says what it is chosen by. `textOf` says the text of a scalar. */
export const isChosen = (
  element: unknown,
  where: Chosen,
  textOf: (value: unknown) => string | undefined,
): boolean =>
  typeof element === 'object' &&
  element !== null &&
  Object.entries(where).every(
    ([name, value]) => Object.hasOwn(element, name) && textOf((element as never)[name]) === value,
  );

/** The value at a path of a parsed JSON value; own properties only, `undefined` where there is none. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.segments.reduce((current: unknown, segment) => own(current, segment), value);

const plainText = (value: unknown): string | undefined =>
  value === null || typeof value === 'object' ? undefined : String(value);

function own(value: unknown, segment: PathSegment): unknown {
  if (value === null || typeof value !== 'object' || 'any' in segment) return undefined;
  if ('where' in segment)
    return Array.isArray(value)
      ? value.find((element: unknown) => isChosen(element, segment.where, plainText))
      : undefined;
  const name = 'index' in segment ? String(segment.index) : segment.key;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A response with no records at a path, and with nothing else. */
export const emptyResponse = ({ segments }: Path): unknown =>
  segments.reduceRight<unknown>((inner, segment) => {
    if ('index' in segment) return [...Array<null>(segment.index).fill(null), inner];
    return 'key' in segment ? { [segment.key]: inner } : inner;
  }, []);
