import type { ErrorObject } from 'ajv';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { plainCredentials } from './credentials.ts';
import { isJson, objectAt } from './json.ts';
import { isKind, kinds } from './kinds.ts';
import { below, complain } from './places.ts';
import { checkSchema } from './schema.ts';
import { schemaMistakes } from './schema-mistakes.ts';
import { maybeSecret, type Secret, type SecretMistake, secretMistake } from './secrets.ts';
import type { Filled } from './substitute.ts';

/** What is wrong with one document by itself. */
export interface DocumentCheck {
  readonly diagnostics: readonly Diagnostic[];
  /** Plain secrets, which nothing may show. */
  readonly secrets: readonly Secret[];
  /** Whether the document has the shape that the schema promises. */
  readonly valid: boolean;
}

/** Scalars that are taken as written and that YAML reads otherwise, unless they are wrong anyway. */
function trapWarnings(
  document: SourceDocument,
  literals: readonly string[],
  wrong: ReadonlySet<string>,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [pointer, { trap, value }] of document.nodes) {
    const isLiteral = literals.some((literal) => pointer === literal || pointer.startsWith(`${literal}/`));
    if (trap === undefined || !isLiteral || wrong.has(pointer)) continue;
    const either = `write "${trap.written}" for this very text, or ${trap.read} to say that the number is meant`;
    found.push(
      complain('ETL0111', value, `YAML reads ${trap.written} as ${trap.read}`, {
        severity: 'warning',
        label: `becomes ${trap.read}`,
        help: [
          trap.kind === 'large_integer' ? `write "${trap.written}"; as a number it loses digits` : either,
        ],
      }),
    );
  }
  return found;
}

/** Values under unknown keys of an object that has secret keys. */
function suspects(document: SourceDocument, errors: readonly ErrorObject[]): readonly Secret[] {
  return errors.flatMap((error) => {
    if (error.keyword !== 'additionalProperties') return [];
    const known = Object.values(objectAt(error.parentSchema, 'properties'));
    if (!known.some((schema) => objectAt(schema)['x-secret'] === true)) return [];
    return (
      maybeSecret(document, below(error.instancePath, error.params['additionalProperty'] as string)) ?? []
    );
  });
}

/** Without a kind nobody knows which values are secret, so that it is asked for every kind. */
function unclassified(filled: Filled, schema: unknown): readonly Secret[] {
  const { document, value } = filled;
  if (!isJson(value) || isKind(value['kind'])) return [];
  return kinds
    .flatMap((kind) => checkSchema(schema, { ...value, kind }).secrets)
    .flatMap((pointer) => maybeSecret(document, pointer) ?? []);
}

/** Compares a filled document with the schema: exactly one diagnostic for each mistake of a person. */
export function checkDocument(filled: Filled, schema: unknown): DocumentCheck {
  const { document, value, unresolved } = filled;
  const result = checkSchema(schema, value);
  const misplaced = result.secrets.flatMap((pointer) => secretMistake(filled, pointer) ?? []);
  const secretMistakes: readonly SecretMistake[] = [...misplaced, ...plainCredentials(filled)];
  const secretPointers = new Set(secretMistakes.map(({ secret }) => secret.pointer));
  const mistakes = schemaMistakes(result.errors, { document, value, schema }).filter(
    // A text with an unknown variable in it fits nothing, and that it is unknown has been said.
    ({ pointer, rank }) => rank === 0 || (!unresolved.has(pointer) && !secretPointers.has(pointer)),
  );
  const own = filled.diagnostics
    .filter(({ pointer }) => !secretPointers.has(pointer))
    .map(({ pointer: _, ...rest }) => rest);
  const complaints = [...own, ...mistakes.map(({ diagnostic }) => diagnostic)];
  const wrong = new Set(mistakes.map(({ pointer }) => pointer));
  return {
    diagnostics: [
      ...complaints,
      ...secretMistakes.map(({ diagnostic }) => diagnostic),
      ...trapWarnings(document, result.literals, wrong),
    ],
    secrets: [
      ...secretMistakes.map(({ secret }) => secret),
      ...suspects(document, result.errors),
      ...unclassified(filled, schema),
    ],
    valid: result.errors.length === 0 && complaints.length === 0 && misplaced.length === 0,
  };
}
