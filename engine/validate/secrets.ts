import type { Diagnostic, Place } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { at } from './json.ts';
import { complain, pointerParts, valuePlace } from './places.ts';
import { isMeantAsReferences, isOnlyReferences, isReference, partsOf } from './references.ts';
import type { Filled } from './substitute.ts';

/** A value that must not be shown anywhere. */
export interface Secret {
  readonly document: SourceDocument;
  readonly pointer: string;
  /** Whether the value stands there itself, and not a variable that holds it. */
  readonly hidden: boolean;
  /** Texts of it that may turn up elsewhere. */
  readonly texts: readonly string[];
}

/** What is wrong with the value of one key marked `x-secret`. */
export interface SecretMistake {
  readonly secret: Secret;
  readonly diagnostic: Diagnostic;
}

const help = [
  'write `${env:NAME}`, or `${file:PATH}` for a file that is not in git; a prefix belongs in the variable, too',
  'whoever reads the repository knows a secret that was ever in it: replace it at its issuer',
];

const textsOf = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  if (value === null || value === undefined) return [];
  const text = String(value);
  const fallback = /:-([^}]*)\}/.exec(text)?.[1];
  return fallback === undefined ? [text] : [text, fallback];
};

function summaryFor(name: string, written: unknown): string {
  const parts = typeof written === 'string' ? partsOf(written) : [];
  const fallback = parts.some((part) => isReference(part) && part.hasDefault);
  return fallback
    ? `\`${name}\` is a secret and must not have a default`
    : `\`${name}\` is a secret and must be a reference`;
}

/**
 * Whether the text is made of references alone and none of them could be filled in with plain text. One that is
 * misspelt is complained about as such: there is no secret in it.
 */
function isSafe(filled: Filled, written: unknown, value: unknown, pointer: string): boolean {
  if (typeof written !== 'string' || typeof value !== 'string' || !isMeantAsReferences(written)) return false;
  return filled.unresolved.has(pointer) || isMeantAsReferences(value);
}

/** Complains about a secret in plain text; undefined when the value is a reference, or when there is none. */
export function secretMistake(filled: Filled, pointer: string): SecretMistake | undefined {
  const parts = pointerParts(pointer);
  const written = at(filled.document.value, parts);
  const value = at(filled.value, parts);
  if (written === null || isSafe(filled, written, value, pointer)) return undefined;
  const { document } = filled;
  const place = valuePlace(document, pointer);
  const hidden = typeof written !== 'string' || !isOnlyReferences(written);
  return {
    secret: { document, pointer, hidden, texts: [...(hidden ? textsOf(written) : []), ...textsOf(value)] },
    diagnostic: complain('ETL0110', place, summaryFor(parts.at(-1) ?? '', written), {
      label: hidden ? 'a secret in plain text' : 'the variable holds a secret in plain text',
      help,
    }),
  };
}

/** A value under a key that is not known, beside keys that are secret: it may be one of them, misspelt. */
export function maybeSecret(document: SourceDocument, pointer: string): Secret | undefined {
  const written = at(document.value, pointerParts(pointer));
  if (typeof written === 'string' && isOnlyReferences(written)) return undefined;
  return { document, pointer, hidden: true, texts: textsOf(written) };
}

const secretLengthMin = 4;

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Columns to hide, by `file:line`. */
function hiddenColumns(secrets: readonly Secret[]): ReadonlyMap<string, readonly Stretch[]> {
  const hidden = new Map<string, Stretch[]>();
  for (const { document, pointer } of secrets.filter((secret) => secret.hidden)) {
    for (const [other, node] of document.nodes) {
      if (other !== pointer && !other.startsWith(`${pointer}/`)) continue;
      const { file, line, column, endColumn } = node.value;
      const key = `${file}:${line}`;
      hidden.set(key, [...(hidden.get(key) ?? []), { from: column - 1, to: endColumn - 1 }]);
    }
  }
  return hidden;
}

const stars = (text: string): string => text.replace(/\S/g, '*');

function maskPlace(place: Place, hidden: readonly Stretch[], mask: (text: string) => string): Place {
  let { text } = place;
  for (const { from, to } of hidden)
    text = text.slice(0, from) + stars(text.slice(from, to)) + text.slice(to);
  return { ...place, text: mask(text) };
}

/** Hides secrets in everything that diagnostics show. */
export function maskSecrets(
  diagnostics: readonly Diagnostic[],
  secrets: readonly Secret[],
): readonly Diagnostic[] {
  if (secrets.length === 0) return diagnostics;
  const hidden = hiddenColumns(secrets);
  const texts = secrets.flatMap((secret) => secret.texts).filter((text) => text.length >= secretLengthMin);
  const mask = (text: string): string =>
    texts.reduce((masked, secret) => masked.replaceAll(secret, stars(secret)), text);
  return diagnostics.map((diagnostic) => ({
    ...diagnostic,
    summary: mask(diagnostic.summary),
    help: diagnostic.help.map(mask),
    ...(diagnostic.label !== undefined && { label: mask(diagnostic.label) }),
    ...(diagnostic.place !== undefined && {
      place: maskPlace(
        diagnostic.place,
        hidden.get(`${diagnostic.place.file}:${diagnostic.place.line}`) ?? [],
        mask,
      ),
    }),
  }));
}
