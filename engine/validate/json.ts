/** An object of a parsed file, whose keys are not known yet. */
export type Json = { readonly [key: string]: unknown };

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at a key of an object that may not be there; empty if it is something else. */
export function objectAt(value: unknown, ...keys: readonly string[]): Json {
  let current = value;
  for (const key of keys) current = isJson(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  return isJson(current) ? current : {};
}

/** The text at a key, if it is a text. */
export function textAt(value: unknown, key: string): string | undefined {
  const found = objectAt(value)[key];
  return typeof found === 'string' ? found : undefined;
}

/** The value at the end of a pointer's parts. */
export function at(value: unknown, parts: readonly string[]): unknown {
  let current = value;
  for (const part of parts) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Json)[part];
  }
  return current;
}
