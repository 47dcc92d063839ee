import type { ErrorObject } from 'ajv';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { at } from './json.ts';
import { pointerParts } from './places.ts';
import { shown } from './schema-words.ts';

/** A diagnostic and the value that it is about; the lowest rank of one pointer is shown, the others only echo it. */
export interface Mistake {
  readonly pointer: string;
  readonly rank: number;
  readonly diagnostic: Diagnostic;
  /** Keys that are there under a wrong name, or that are missing. */
  readonly keys?: readonly string[];
}

/** What a mistake is explained by. */
export interface Subject {
  readonly document: SourceDocument;
  /** The document with its variables filled in. */
  readonly value: unknown;
  readonly schema: unknown;
}

/** Turns one error of ajv into the mistake of a person; undefined for one that only echoes another. */
export type Translator = (error: ErrorObject, subject: Subject) => Mistake | undefined;

/** The key that a value belongs to: its own, or that of the list it stands in. */
export function nameAt({ value }: Subject, pointer: string): string {
  const parts = pointerParts(pointer);
  const named = parts.findLastIndex((_, index) => !Array.isArray(at(value, parts.slice(0, index))));
  return parts[named] ?? 'this file';
}

/** Says what a variable brought in, where the source line does not show it. */
export function filledIn(error: ErrorObject, { document }: Subject): readonly string[] {
  const written = at(document.value, pointerParts(error.instancePath));
  return typeof written !== 'string' || written === error.data
    ? []
    : [`\`${shown(written)}\` is here \`${shown(error.data)}\``];
}
