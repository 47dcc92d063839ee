import { isEscaped, stringEnd } from './json-string.ts';

/** What is wrong with a text that is no JSON. */
export interface JsonFault {
  /** Position of the first character that does not fit, from 0. */
  readonly at: number;
  readonly kind: 'cut short' | 'surplus' | 'malformed';
}

type State = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'after';
type Opener = '{' | '[';

const space = /[ \t\r\n]*/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const partialNumber = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*|(?:\.\d+)?[eE][+-]?)?)?$/;

/** Walks a text that JSON.parse has refused, since its message says where only in newer versions of Node. */
export function jsonFault(text: string): JsonFault {
  const open: Opener[] = [];
  let state: State = 'value';
  let at = match(space, text, 0);
  while (at < text.length) {
    const end = tokenEnd(text, at);
    if (end === undefined) return { at, kind: endsInside(text, at) ? 'cut short' : 'malformed' };
    const next: State | undefined = steps[state](text.charAt(at), open);
    if (next === undefined) return { at, kind: misplaced(state, open) };
    state = next;
    at = match(space, text, end);
  }
  return { at, kind: 'cut short' };
}

const misplaced = (state: State, open: readonly Opener[]): JsonFault['kind'] =>
  state === 'after' && open.length === 0 ? 'surplus' : 'malformed';

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Where the token at `at` ends; undefined when none begins there. */
function tokenEnd(text: string, at: number): number | undefined {
  const first = text.charAt(at);
  if ('{}[],:'.includes(first)) return at + 1;
  if (first !== '"') return match(scalar, text, at) === at ? undefined : scalar.lastIndex;
  const end = stringEnd(text, at);
  const closed = end > at + 1 && text[end - 1] === '"' && !isEscaped(text, end - 1);
  return closed && isString(text.slice(at, end)) ? end : undefined;
}

function isString(token: string): boolean {
  try {
    JSON.parse(token);
    return true;
  } catch {
    return false;
  }
}

/** Whether the token at `at` would be right if the text went on. */
function endsInside(text: string, at: number): boolean {
  if (text[at] === '"') {
    const end = stringEnd(text, at);
    return end === text.length && (end === at + 1 || text[end - 1] !== '"' || isEscaped(text, end - 1));
  }
  const rest = text.slice(at, at + 400);
  return partialNumber.test(rest) || ['true', 'false', 'null'].some((word) => word.startsWith(rest));
}

/** The state behind a token; undefined where it does not fit. `open` follows. */
const steps: { readonly [state in State]: (token: string, open: Opener[]) => State | undefined } = {
  value: beginValue,
  'first value': (token, open) => (token === ']' ? close(open) : beginValue(token, open)),
  key: beginKey,
  'first key': (token, open) => (token === '}' ? close(open) : beginKey(token)),
  colon: (token) => (token === ':' ? 'value' : undefined),
  after: afterValue,
};

function beginKey(token: string): State | undefined {
  return token === '"' ? 'colon' : undefined;
}

function beginValue(token: string, open: Opener[]): State | undefined {
  if (token === '{' || token === '[') {
    open.push(token);
    return token === '{' ? 'first key' : 'first value';
  }
  return '}],:'.includes(token) ? undefined : 'after';
}

function afterValue(token: string, open: Opener[]): State | undefined {
  const opener = open.at(-1);
  if (token === ',' && opener !== undefined) return opener === '{' ? 'key' : 'value';
  if ((token === '}' && opener === '{') || (token === ']' && opener === '[')) return close(open);
  return undefined;
}

function close(open: Opener[]): State {
  open.pop();
  return 'after';
}
