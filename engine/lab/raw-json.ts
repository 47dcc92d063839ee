import type { Path } from '../model/plan.ts';

const space = /[ \t\r\n]*/y;
const stringToken = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const scalarToken = /[^,\]}\s]+/y;
const nestedToken = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^"[\]{}]+/y;

function after(pattern: RegExp, json: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(json);
  return pattern.lastIndex;
}

const skipSpace = (json: string, at: number): number => after(space, json, at);

function endOfNested(json: string, at: number): number {
  let depth = 0;
  let end = at;
  do {
    const token = json[end];
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    end = after(nestedToken, json, end);
  } while (depth > 0);
  return end;
}

function endOfValue(json: string, at: number): number {
  const first = json[at];
  if (first === '{' || first === '[') return endOfNested(json, at);
  return after(first === '"' ? stringToken : scalarToken, json, at);
}

/** The children of the object or array at `at`, each with the span of its value. */
function* children(json: string, at: number): Generator<readonly [name: string, from: number, to: number]> {
  const keyed = json[at] === '{';
  let next = skipSpace(json, at + 1);
  for (let index = 0; json[next] !== '}' && json[next] !== ']'; index += 1) {
    const keyEnd = keyed ? after(stringToken, json, next) : next;
    const name = keyed ? (JSON.parse(json.slice(next, keyEnd)) as string) : String(index);
    const from = keyed ? skipSpace(json, skipSpace(json, keyEnd) + 1) : next;
    const to = endOfValue(json, from);
    yield [name, from, to];
    next = skipSpace(json, to);
    if (json[next] === ',') next = skipSpace(json, next + 1);
  }
}

function childAt(json: string, at: number, name: string): number | undefined {
  if (json[at] !== '{' && json[at] !== '[') return undefined;
  let found: number | undefined;
  // Of equal keys the last one counts, as in JSON.parse.
  for (const [child, from] of children(json, at)) if (child === name) found = from;
  return found;
}

/** Source text of the value at a path of valid JSON: what JSON.parse loses of a long number. */
export function rawAt(json: string, path: Path): string | undefined {
  let at: number | undefined = skipSpace(json, 0);
  for (const segment of path.segments) {
    if (at === undefined || 'any' in segment || 'where' in segment) return undefined;
    at = childAt(json, at, 'key' in segment ? segment.key : String(segment.index));
  }
  return at === undefined ? undefined : json.slice(at, endOfValue(json, at));
}

/** The properties of a JSON object, each with the source text of its value. */
export function rawProperties(json: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, from, to] of children(json, skipSpace(json, 0))) found.set(name, json.slice(from, to));
  return found;
}
