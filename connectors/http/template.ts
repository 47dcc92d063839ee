import { type JsonValue, templateParts, wholePlaceholder } from '../../engine/model/request-template.ts';

/** Values of placeholders by name; undefined for one that has none now. */
export type Values = (name: string) => JsonValue | undefined;

/** Fills a text. Undefined when one of its placeholders has no value. */
export function filledText(
  text: string,
  values: Values,
  encode: (value: string) => string = (value) => value,
): string | undefined {
  const filled = templateParts(text).map((part, at) => {
    if (at % 2 === 0) return part;
    const value = values(part);
    return value === undefined || value === null ? undefined : encode(textOf(value));
  });
  return filled.includes(undefined) ? undefined : filled.join('');
}

/** A list is written with commas. */
const textOf = (value: JsonValue): string =>
  Array.isArray(value)
    ? value.map(textOf).join(',')
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

/**
 * Fills a body: a text that is one placeholder becomes its value. A key whose value has none is left out, and in a list
 * the element that it stands in. An element that names a parent is there once for `each` of them.
 */
export function filledJson(
  value: JsonValue,
  values: Values,
  each: readonly Values[] = [],
): JsonValue | undefined {
  if (typeof value === 'string') {
    const name = wholePlaceholder(value);
    return name === undefined ? filledText(value, values) : values(name);
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.flatMap((one: JsonValue) => filledElements(one, values, each));
  const entries = Object.entries(value).map(([key, one]) => [
    key,
    filledJson(one as JsonValue, values, each),
  ]);
  return Object.fromEntries(entries.filter(([, filled]) => filled !== undefined)) as JsonValue;
}

function filledElements(element: JsonValue, values: Values, each: readonly Values[]): readonly JsonValue[] {
  const names = directTexts(element).flatMap((text) => templateParts(text).filter((_, at) => at % 2 === 1));
  const isParent = (name: string): boolean => name.startsWith('parent.');
  const scopes = names.some(isParent) && each.length > 0 ? each : [values];
  return scopes.flatMap((scope) => {
    const own: Values = (name) => (isParent(name) ? scope(name) : values(name));
    const isWhole = names.every((name) => own(name) !== undefined);
    const filled = isWhole ? filledJson(element, own, each) : undefined;
    return filled === undefined ? [] : [filled];
  });
}

/** Texts of an element, without those of lists in it, which lose elements of their own. */
function directTexts(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.values(value).flatMap((one: JsonValue) => directTexts(one));
}
