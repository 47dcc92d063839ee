import type { Diagnostic } from '../model/diagnostic.ts';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function collect(schema: unknown, names: Set<string>): void {
  if (!isObject(schema)) return;
  for (const [name, part] of Object.entries(schema)) {
    if (isObject(part) && 'x-secret' in part) names.add(name);
    collect(part, names);
  }
}

/** Names of all keys that schema.json marks `x-secret`. */
export function secretKeys(schema: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  collect(schema, names);
  return names;
}

/**
 * A file with an error is shown before anybody knows which of its values are secret, so that all letters after a key
 * that may hold a secret are masked, unless they are in a reference.
 */
export function maskLine(diagnostic: Diagnostic, names: ReadonlySet<string>): Diagnostic {
  const { place } = diagnostic;
  if (place === undefined) return diagnostic;
  const pattern = new RegExp(`(["']?\\b(?:${[...names].join('|')})["']?\\s*:)(.*)$`);
  const text = place.text.replace(pattern, (_, key: string, rest: string) => key + masked(rest));
  return { ...diagnostic, place: { ...place, text } };
}

const masked = (text: string): string =>
  text.replace(/\$\{[a-z]+:\w+\}|[^\s,[\]{}"':#]/g, (found) => (found.length > 1 ? found : '*'));
