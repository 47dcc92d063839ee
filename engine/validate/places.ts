import type * as config from '../model/config.ts';
import type { Diagnostic, Place, Severity } from '../model/diagnostic.ts';
import type { NodePlaces, SourceDocument } from '../model/project.ts';

/** A stream and where it stands. */
export interface Here {
  readonly document: SourceDocument;
  readonly pointer: string;
  readonly stream: config.Stream;
}

/** The parts of a JSON pointer, unescaped. */
export const pointerParts = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** A JSON pointer one level below another. */
export const below = (pointer: string, ...parts: readonly (string | number)[]): string =>
  [pointer, ...parts.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');

const parentOf = (pointer: string): string => pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));

const emptyPlace = (file: string): Place => ({ file, line: 1, column: 1, endColumn: 1, text: '' });

function nodeAt(document: SourceDocument, pointer: string): NodePlaces | undefined {
  return document.nodes.get(pointer) ?? (pointer === '' ? undefined : nodeAt(document, parentOf(pointer)));
}

/** Where a value stands, or the nearest one around it. */
export const valuePlace = (document: SourceDocument, pointer: string): Place =>
  nodeAt(document, pointer)?.value ?? emptyPlace(document.file);

/** Where a value's key stands; the value's own place when it has none. */
export function keyPlace(document: SourceDocument, pointer: string): Place {
  const node = nodeAt(document, pointer);
  return node?.key ?? node?.value ?? emptyPlace(document.file);
}

/**
 * A stretch of a scalar: `length` characters from `at` of its text. Where the text is not in one piece on the line (an
 * escape in quotes, a text of several lines) the whole scalar.
 */
export function placeWithin(whole: Place, text: string, at: number, length: number): Place {
  const source = whole.text.slice(whole.column - 1, whole.endColumn - 1);
  const found = source.indexOf(text);
  if (found < 0) return placeOfPart(whole, source, text.slice(at, at + length));
  const column = whole.column + found + Math.min(at, Math.max(0, text.length - 1));
  return { ...whole, column, endColumn: column + Math.max(1, length) };
}

function placeOfPart(whole: Place, source: string, part: string): Place {
  const found = part === '' ? -1 : source.indexOf(part);
  if (found < 0) return whole;
  return { ...whole, column: whole.column + found, endColumn: whole.column + found + part.length };
}

/** `file:line`, for the second place of a diagnostic. */
export const placeText = ({ file, line }: Place): string => `${file}:${line}`;

/** What a diagnostic says beside its code, summary and place. */
export interface Words {
  readonly label?: string | undefined;
  readonly help?: readonly string[];
  readonly severity?: Severity;
}

/** One complaint about a place. */
export const complain = (code: string, place: Place, summary: string, words: Words = {}): Diagnostic => ({
  code,
  severity: words.severity ?? 'error',
  summary,
  place,
  ...(words.label !== undefined && { label: words.label }),
  help: words.help ?? [],
});
