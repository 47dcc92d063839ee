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

/** Fills a body: a text that is one placeholder becomes its value, and a key whose value has none is left out. */
export function filledJson(value: JsonValue, values: Values): JsonValue | undefined {
  if (typeof value === 'string') {
    const name = wholePlaceholder(value);
    return name === undefined ? filledText(value, values) : values(name);
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value))
    return value.flatMap((one: JsonValue) => {
      const filled = filledJson(one, values);
      return filled === undefined ? [] : [filled];
    });
  const entries = Object.entries(value).map(([key, one]) => [key, filledJson(one as JsonValue, values)]);
  return Object.fromEntries(entries.filter(([, filled]) => filled !== undefined)) as JsonValue;
}
