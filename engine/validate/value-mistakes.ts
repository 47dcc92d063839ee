import type { ErrorObject } from 'ajv';
import { objectAt } from './json.ts';
import { filledIn, nameAt, type Subject, type Translator } from './mistake.ts';
import { below, complain, keyPlace, valuePlace } from './places.ts';
import { exampleOf, flow, shown, typeWords, valueWords } from './schema-words.ts';
import { didYouMean, listText } from './suggest.ts';

/** A value that is none of those allowed. */
export const enumMistake: Translator = (error, subject) => {
  if (error.data === null) return typeMistake({ ...error, params: { type: 'string' } }, subject);
  const { instancePath: pointer } = error;
  const allowed = (error.params['allowedValues'] as readonly unknown[]).map(String);
  const name = nameAt(subject, pointer);
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
  // What is expected says more than quotes around a value that would not be accepted either.
  if (objectAt(error.parentSchema)['errorMessage'] !== undefined) return [];
  if (types.includes('string') && ['number', 'boolean'].includes(typeof data))
    return [`write "${String(data)}"`];
  if (types.includes('array') && typeof data === 'string') return [`write [${flow(data)}]`];
  const isNumber = typeof data === 'string' && data !== '' && Number.isFinite(Number(data));
  if (isNumber && /number|integer/.test(types.join())) return ['leave out the quotes'];
  return [];
}

/** A value of another type than expected. */
export const typeMistake: Translator = (error, subject) => {
  const { instancePath: pointer, data } = error;
  const { errorMessage } = objectAt(error.parentSchema);
  const words = typeWords(error.params['type'] as string | readonly string[]);
  const name = pointer === '' ? 'this file' : `\`${nameAt(subject, pointer)}\``;
  const help = typeHelp(error, subject);
  const example = exampleOf(objectAt(error.parentSchema), nameAt(subject, pointer));
  const nothing = pointer === '' ? 'this file is empty' : `${name} has no value`;
  const summary = data === null ? nothing : `${name} must be ${words}, not ${valueWords(data)}`;
  return {
    pointer,
    rank: 2,
    diagnostic: complain('ETL0105', valuePlace(subject.document, pointer), summary, {
      label: `expected ${errorMessage ?? words}`,
      help: [...(help.length > 0 ? help : example), ...filledIn(error, subject)],
    }),
  };
};

/** A text, or a key, in another form than expected. */
export const patternMistake: Translator = (error, subject) => {
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
  const summary = `\`${shown(value)}\` is not a valid ${propertyName === undefined ? nameAt(subject, pointer) : 'name'}`;
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

/** A text that is no regular expression. */
export const formatMistake: Translator = (error, subject) => ({
  pointer: error.instancePath,
  rank: 3,
  diagnostic: complain(
    'ETL0106',
    valuePlace(subject.document, error.instancePath),
    `\`${shown(error.data)}\` is not a valid regular expression`,
    { label: regexReason(String(error.data)), help: filledIn(error, subject) },
  ),
});

/** Too few or too many items, keys or characters. */
export const sizeMistake: Translator = (error, subject) => {
  const pointer = error.instancePath;
  const limit = error.params['limit'] as number;
  const few = error.keyword.startsWith('min');
  const of = { Items: 'item', Properties: 'key', Length: 'character' }[error.keyword.slice(3)] ?? 'value';
  const count = `${few ? 'needs at least' : 'takes at most'} ${limit} ${of}${limit === 1 ? '' : 's'}`;
  return {
    pointer,
    rank: 4,
    diagnostic: complain(
      'ETL0107',
      valuePlace(subject.document, pointer),
      `\`${nameAt(subject, pointer)}\` ${count}`,
      {
        label: few ? 'too few' : 'too many',
        help: few ? exampleOf(objectAt(error.parentSchema), nameAt(subject, pointer)) : [],
      },
    ),
  };
};

/** A number outside its bounds. */
export const boundMistake: Translator = (error, subject) => {
  const pointer = error.instancePath;
  const bound = `${error.keyword === 'minimum' ? 'at least' : 'at most'} ${error.params['limit']}`;
  return {
    pointer,
    rank: 4,
    diagnostic: complain(
      'ETL0108',
      valuePlace(subject.document, pointer),
      `\`${nameAt(subject, pointer)}\` must be ${bound}`,
      {
        label: `expected ${bound}`,
        help: filledIn(error, subject),
      },
    ),
  };
};
