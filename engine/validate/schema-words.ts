import { isJson, type Json, objectAt } from './json.ts';

const words: { readonly [type: string]: string } = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  null: 'nothing',
};

/** `text, a number or true or false` for the schema's `type`. */
export const typeWords = (types: string | readonly string[]): string =>
  orList([types].flat().map((type) => words[type] ?? type));

/** `a, b or c`. */
const orList = (items: readonly string[]): string =>
  [items.slice(0, -1).join(', '), ...items.slice(-1)].filter((part) => part !== '').join(' or ');

/** What a value is, in the words of `typeWords`. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number';
  return words[typeof value] ?? typeof value;
}

/** A value as a message shows it, on one line and not too long. */
export function shown(value: unknown, charactersMax = 60): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > charactersMax ? `${line.slice(0, charactersMax)}…` : line;
}

const isPlain = (text: string): boolean =>
  /^[\w$/][\w./$@%-]*$/.test(text) && !/^(true|false|null)$/i.test(text) && Number.isNaN(Number(text));

/** A value as YAML on one line. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (isJson(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${flow(key)}: ${flow(item)}`)
      .join(', ')}}`;
  return typeof value === 'string' && isPlain(value) ? value : JSON.stringify(value);
}

/** From a part of the schema outwards to the root: each with the key under which it stands in the next. */
function* outwards(schema: unknown, part: unknown): Generator<{ readonly part: Json; readonly key: string }> {
  const parents = new Map<unknown, { readonly parent: unknown; readonly key: string }>();
  const open: unknown[] = [schema];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    for (const [key, child] of Object.entries(parent as object)) {
      if (typeof child !== 'object' || child === null) continue;
      parents.set(child, { parent, key });
      open.push(child);
    }
  }
  for (let current = part; current !== undefined; current = parents.get(current)?.parent) {
    yield { part: objectAt(current), key: parents.get(current)?.key ?? '' };
  }
}

/** The schema of a key, looked for from the failed rule outwards. */
export function keySchema(schema: unknown, rule: unknown, key: string): Json {
  for (const { part } of outwards(schema, rule)) {
    const found = objectAt(part, 'properties');
    if (Object.hasOwn(found, key)) return objectAt(found, key);
  }
  return {};
}

/** The choice under which a rule holds, such as `type: bearer`; undefined for a rule that always holds. */
export function conditionOf(schema: unknown, rule: unknown): string | undefined {
  let inside = false;
  for (const { part, key } of outwards(schema, rule)) {
    if (inside) {
      const [found] = Object.entries(objectAt(part, 'if', 'properties'));
      const choice = objectAt(found?.[1])['const'];
      return choice === undefined ? undefined : `${found?.[0]}: ${String(choice)}`;
    }
    inside = key === 'then';
  }
  return undefined;
}

/** `for example: key: value`, from the schema's first example, default or choice. */
export function exampleOf(keyed: Json, key: string): readonly string[] {
  const first = (name: string): unknown => (Array.isArray(keyed[name]) ? keyed[name][0] : undefined);
  const example = first('examples') ?? keyed['default'] ?? first('enum');
  return example === undefined ? [] : [`for example: ${key}: ${flow(example)}`];
}
