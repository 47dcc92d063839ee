import { type JsonValue, templateParts, textsIn, wholePlaceholder } from '../model/request-template.ts';

/** Values of placeholders, by name. */
export type Values = ReadonlyMap<string, JsonValue>;

/** A text in which nothing has a meaning for a regular expression. */
export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * What the placeholders of a template stand for in a value; undefined when the value does not fit. A key whose value is
 * a placeholder may be missing, and in a list an element that holds one.
 */
export function matchJson(template: JsonValue, value: JsonValue | undefined): Values | undefined {
  if (typeof template === 'string') return matchText(template, value);
  if (template === null || typeof template !== 'object') return value === template ? new Map() : undefined;
  if (Array.isArray(template)) return Array.isArray(value) ? matchList(template, value) : undefined;
  const object = template as { readonly [key: string]: JsonValue };
  return isObject(value) ? matchObject(object, value) : undefined;
}

const isObject = (value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function matchText(template: string, value: JsonValue | undefined): Values | undefined {
  const whole = wholePlaceholder(template);
  if (whole !== undefined) return value === undefined ? undefined : new Map([[whole, value]]);
  if (typeof value !== 'string') return undefined;
  const parts = templateParts(template);
  if (parts.length === 1) return value === template ? new Map() : undefined;
  const pattern = parts.map((part, at) => (at % 2 === 0 ? escaped(part) : '(.*?)')).join('');
  const found = new RegExp(`^${pattern}$`, 's').exec(value);
  if (found === null) return undefined;
  return new Map(parts.filter((_, at) => at % 2 === 1).map((name, at) => [name, found[at + 1] ?? '']));
}

const mayBeMissing = (template: JsonValue): boolean =>
  textsIn(template).some((text) => templateParts(text).length > 1);

/** The values of all parts together; undefined when one of them does not fit. */
function together(parts: readonly (Values | undefined)[]): Values | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length < parts.length ? undefined : new Map(known.flatMap((part) => [...part]));
}

function matchObject(
  template: { readonly [key: string]: JsonValue },
  value: { readonly [key: string]: JsonValue },
): Values | undefined {
  if (Object.keys(value).some((key) => !Object.hasOwn(template, key))) return undefined;
  const present = Object.entries(template).filter(
    ([key, expected]) => Object.hasOwn(value, key) || !mayBeMissing(expected),
  );
  return together(present.map(([key, expected]) => matchJson(expected, value[key])));
}

/** Elements in order. One of the template that may be missing is passed over where it does not fit; one that names a parent is there for each. */
function matchList(template: readonly JsonValue[], value: readonly JsonValue[]): Values | undefined {
  const parts: (Values | undefined)[] = [];
  let at = 0;
  for (const expected of template) {
    const some = matchSome(expected, value.slice(at));
    at += some.length;
    if (some.length === 0 && !mayBeMissing(expected)) return undefined;
    if (some.length > 0) parts.push(listed(some, expected));
  }
  return at === value.length ? together(parts) : undefined;
}

/** Whether an element of a template is there any number of times: for each parent, or each field. */
const isRepeated = (template: JsonValue): boolean =>
  textsIn(template).some((text) => /\{(?:parent\.|fields[.}])/.test(text));

/** What an element of a template fits: one value, or as many as there are parents. */
function matchSome(expected: JsonValue, values: readonly JsonValue[]): readonly Values[] {
  const found: Values[] = [];
  for (const value of isRepeated(expected) ? values : values.slice(0, 1)) {
    const part = matchJson(expected, value);
    if (part === undefined) break;
    found.push(part);
  }
  return found;
}

const listed = (some: readonly Values[], expected: JsonValue): Values | undefined =>
  isRepeated(expected)
    ? new Map([...(some[0] ?? [])].map(([name]) => [name, some.map((part) => part.get(name) ?? null)]))
    : some[0];
