import type { ErrorObject } from 'ajv';
import { anyOfMistake, requiredMistake, unknownKey } from './key-mistakes.ts';
import type { Mistake, Subject, Translator } from './mistake.ts';
import { below } from './places.ts';
import {
  boundMistake,
  enumMistake,
  formatMistake,
  patternMistake,
  sizeMistake,
  typeMistake,
} from './value-mistakes.ts';

/** Wrappers (`if`, `allOf`, `propertyNames`) have none: what is inside them says more. */
const translators: { readonly [keyword: string]: Translator } = {
  enum: enumMistake,
  type: typeMistake,
  required: requiredMistake,
  anyOf: anyOfMistake,
  additionalProperties: unknownKey,
  pattern: patternMistake,
  format: formatMistake,
  minLength: sizeMistake,
  minItems: sizeMistake,
  maxItems: sizeMistake,
  minProperties: sizeMistake,
  maxProperties: sizeMistake,
  minimum: boundMistake,
  maximum: boundMistake,
};

const subjectKey = ({ pointer, keys = [] }: Mistake): readonly string[] =>
  keys.map((key) => below(pointer, key));

/** A missing key that stands there misspelt, and a second complaint about the same value, are no mistakes of their own. */
function withoutEchoes(mistakes: readonly Mistake[]): readonly Mistake[] {
  const misspelt = new Set(
    mistakes.filter(({ diagnostic }) => diagnostic.code === 'ETL0104').flatMap(subjectKey),
  );
  const ranks = new Map<string, number>();
  for (const { pointer, rank } of mistakes) {
    if (rank > 0) ranks.set(pointer, Math.min(rank, ranks.get(pointer) ?? rank));
  }
  return mistakes.filter((mistake) => {
    if (mistake.rank > 0) return mistake.rank === ranks.get(mistake.pointer);
    return mistake.diagnostic.code !== 'ETL0102' || !subjectKey(mistake).some((key) => misspelt.has(key));
  });
}

/** One mistake for each that a person made, of the many errors that ajv reports for it. */
export function schemaMistakes(errors: readonly ErrorObject[], subject: Subject): readonly Mistake[] {
  return withoutEchoes(errors.flatMap((error) => translators[error.keyword]?.(error, subject) ?? []));
}
