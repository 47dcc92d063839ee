import type { ErrorObject } from 'ajv';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { at, objectAt, textAt } from './json.ts';
import { elsewhere } from './key-index.ts';
import { below, complain, keyPlace, pointerParts, valuePlace } from './places.ts';
import { conditionOf, exampleOf, flow, keySchema, shown, typeWords, valueWords } from './schema-words.ts';
import { didYouMean, listText, nearest } from './suggest.ts';

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

type Translator = (error: ErrorObject, subject: Subject) => Mistake | undefined;

const lastName = (pointer: string): string =>
  pointerParts(pointer).findLast((part) => !/^\d+$/.test(part)) ?? 'this file';

/** Says what a variable brought in, where the source line does not show it. */
function filledIn(error: ErrorObject, { document }: Subject): readonly string[] {
  const written = at(document.value, pointerParts(error.instancePath));
  return written === error.data ? [] : [`\`${shown(written)}\` is here \`${shown(error.data)}\``];
}

const enumMistake: Translator = (error, subject) => {
  if (error.data === null) return typeMistake({ ...error, params: { type: 'string' } }, subject);
  const { instancePath: pointer } = error;
  const allowed = (error.params['allowedValues'] as readonly unknown[]).map(String);
  const name = lastName(pointer);
  return {
    pointer,
    rank: 1,
    diagnostic: complain(
      pointer === '/kind' ? 'ETL0101' : 'ETL0103',
      valuePlace(subject.document, pointer),
      `\`${shown(error.data)}\` is not a valid ${name}`,
      {
        label: didYouMean(String(error.data), allowed),
        help: [`one of: ${listText(allowed, 20)}`, ...filledIn(error, subject)],
      },
    ),
  };
};

function typeHelp(error: ErrorObject, subject: Subject): readonly string[] {
  const types = [error.params['type'] as string | readonly string[]].flat();
  const trap = subject.document.nodes.get(error.instancePath)?.trap;
  if (trap !== undefined) return [`YAML reads ${trap.written} as ${trap.read}; write "${trap.written}"`];
  const { data } = error;
  if (types.includes('string') && ['number', 'boolean'].includes(typeof data))
    return [`write "${String(data)}"`];
  if (types.includes('array') && typeof data === 'string') return [`write [${flow(data)}]`];
  const isNumber = typeof data === 'string' && data !== '' && Number.isFinite(Number(data));
  if (isNumber && /number|integer/.test(types.join())) return ['leave out the quotes'];
  return [];
}

const typeMistake: Translator = (error, subject) => {
  const { instancePath: pointer, data } = error;
  const expected = typeWords(error.params['type'] as string | readonly string[]);
  const name = pointer === '' ? 'this file' : `\`${lastName(pointer)}\``;
  const help = typeHelp(error, subject);
  const example = exampleOf(objectAt(error.parentSchema), lastName(pointer));
  const summary =
    data === null ? `${name} has no value` : `${name} must be ${expected}, not ${valueWords(data)}`;
  return {
    pointer,
    rank: 2,
    diagnostic: complain('ETL0105', valuePlace(subject.document, pointer), summary, {
      label: `expected ${expected}`,
      help: [...(help.length > 0 ? help : example), ...filledIn(error, subject)],
    }),
  };
};

function missing(error: ErrorObject, subject: Subject, keys: readonly string[]): Mistake {
  const { instancePath: pointer } = error;
  const names = keys.map((key) => `\`${key}\``).join(' or ');
  const condition = conditionOf(subject.schema, error.parentSchema);
  const example = keys.flatMap((key) => exampleOf(keySchema(subject.schema, error.parentSchema, key), key));
  const inside = pointer === '' ? '' : ` in \`${pointerParts(pointer).at(-1)}\``;
  const where = /\/\d+$/.test(pointer) ? '' : inside;
  return {
    pointer,
    rank: 0,
    keys,
    diagnostic: complain('ETL0102', keyPlace(subject.document, pointer), `${names} is missing${where}`, {
      label: condition === undefined ? `needs ${names}` : `\`${condition}\` needs ${names}`,
      help: example.slice(0, 1),
    }),
  };
}

function misspeltKind(error: ErrorObject, subject: Subject): Mistake | undefined {
  const key = nearest('kind', Object.keys(objectAt(error.data)));
  if (error.instancePath !== '' || error.params['missingProperty'] !== 'kind' || key === undefined)
    return undefined;
  const place = keyPlace(subject.document, below('', key));
  return { pointer: '', rank: 0, diagnostic: unknownKeyAt(place, key, 'kind', ['every file has a `kind`']) };
}

const requiredMistake: Translator = (error, subject) => {
  // One of several keys that would do: the `anyOf` around it is complained about as a whole.
  if (error.schemaPath.includes('/anyOf/')) return undefined;
  return misspeltKind(error, subject) ?? missing(error, subject, [error.params['missingProperty'] as string]);
};

const anyOfMistake: Translator = (error, subject) => {
  const choices = error.schema as readonly { readonly required?: readonly string[] }[];
  return missing(
    error,
    subject,
    choices.flatMap((choice) => choice.required ?? []),
  );
};

const unknownKeyAt = (
  place: Diagnostic['place'] & object,
  key: string,
  meant: string | undefined,
  help: readonly string[],
): Diagnostic =>
  complain('ETL0104', place, `unknown key \`${key}\``, {
    label: meant === undefined ? 'not known here' : `did you mean \`${meant}\`?`,
    help,
  });

const unknownKey: Translator = (error, subject) => {
  const key = error.params['additionalProperty'] as string;
  const allowed = Object.keys(objectAt(error.parentSchema, 'properties'));
  const meant = nearest(
    key,
    allowed.filter((other) => !Object.hasOwn(objectAt(error.data), other)),
  );
  const kind = textAt(subject.value, 'kind') ?? '';
  const other = elsewhere(subject.schema, kind, key);
  const help = other.length > 0 || meant !== undefined ? other : [`keys here: ${listText(allowed, 24)}`];
  const place = keyPlace(subject.document, below(error.instancePath, key));
  return {
    pointer: error.instancePath,
    rank: 0,
    diagnostic: unknownKeyAt(place, key, meant, help),
    ...(meant !== undefined && { keys: [meant] }),
  };
};

const patternMistake: Translator = (error, subject) => {
  const { instancePath: pointer, propertyName } = error;
  const parent = objectAt(error.parentSchema);
  const values = parent['x-values'];
  const value = propertyName ?? error.data;
  const place =
    propertyName === undefined
      ? valuePlace(subject.document, pointer)
      : keyPlace(subject.document, below(pointer, propertyName));
  const expected = String(parent['errorMessage'] ?? `text that matches ${error.params['pattern']}`);
  const meant = Array.isArray(values) ? didYouMean(String(value), values.map(String)) : undefined;
  const summary = `\`${shown(value)}\` is not a valid ${propertyName === undefined ? lastName(pointer) : 'name'}`;
  return {
    pointer: propertyName === undefined ? pointer : below(pointer, propertyName),
    rank: 3,
    diagnostic: complain('ETL0106', place, summary, {
      label: meant ?? `expected ${expected}`,
      help: [
        ...(meant === undefined ? [] : [`expected ${expected}`]),
        ...(propertyName === undefined ? filledIn(error, subject) : []),
      ],
    }),
  };
};

function regexReason(text: string): string {
  try {
    new RegExp(text, 'u');
    return '';
  } catch (error) {
    return (error as Error).message.replace(/^.*: /, '');
  }
}

const formatMistake: Translator = (error, subject) => ({
  pointer: error.instancePath,
  rank: 3,
  diagnostic: complain(
    'ETL0106',
    valuePlace(subject.document, error.instancePath),
    `\`${shown(error.data)}\` is not a valid regular expression`,
    { label: regexReason(String(error.data)), help: filledIn(error, subject) },
  ),
});

const sizeMistake: Translator = (error, subject) => {
  const pointer = error.instancePath;
  const limit = error.params['limit'] as number;
  const few = error.keyword.startsWith('min');
  const of = { Items: 'item', Properties: 'key', Length: 'character' }[error.keyword.slice(3)] ?? 'value';
  const count = `${few ? 'at least' : 'at most'} ${limit} ${of}${limit === 1 ? '' : 's'}`;
  return {
    pointer,
    rank: 4,
    diagnostic: complain(
      'ETL0107',
      valuePlace(subject.document, pointer),
      `\`${lastName(pointer)}\` needs ${count}`,
      {
        label: few ? 'too few' : 'too many',
        help: few ? exampleOf(objectAt(error.parentSchema), lastName(pointer)) : [],
      },
    ),
  };
};

const boundMistake: Translator = (error, subject) => {
  const pointer = error.instancePath;
  const bound = `${error.keyword === 'minimum' ? 'at least' : 'at most'} ${error.params['limit']}`;
  return {
    pointer,
    rank: 4,
    diagnostic: complain(
      'ETL0108',
      valuePlace(subject.document, pointer),
      `\`${lastName(pointer)}\` must be ${bound}`,
      {
        label: `expected ${bound}`,
        help: filledIn(error, subject),
      },
    ),
  };
};

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
