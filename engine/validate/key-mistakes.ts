import type { ErrorObject } from 'ajv';
import { objectAt, textAt } from './json.ts';
import { elsewhere } from './key-index.ts';
import { kinds } from './kinds.ts';
import type { Mistake, Subject, Translator } from './mistake.ts';
import { below, complain, keyPlace, pointerParts } from './places.ts';
import { conditionOf, exampleOf, keySchema } from './schema-words.ts';
import { listText, nearest } from './suggest.ts';

/** What a file declares by the folder it stands in. */
const likelyKind = (file: string): string =>
  file === 'etl.yml' ? 'project' : (kinds.find((kind) => file.startsWith(`${kind}s/`)) ?? 'source');

function missing(error: ErrorObject, subject: Subject, keys: readonly string[]): Mistake {
  const { instancePath: pointer } = error;
  const names = keys.map((key) => `\`${key}\``).join(' or ');
  const condition = conditionOf(subject.schema, error.parentSchema);
  const example =
    keys[0] === 'kind'
      ? [`for example: kind: ${likelyKind(subject.document.file)}`]
      : keys.flatMap((key) => exampleOf(keySchema(subject.schema, error.parentSchema, key), key));
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
  const label = 'did you mean `kind`?';
  const diagnostic = complain('ETL0104', place, `unknown key \`${key}\``, {
    label,
    help: ['every file has a `kind`'],
  });
  return { pointer: '', rank: 0, diagnostic };
}

/** A key that must be there and is not. */
export const requiredMistake: Translator = (error, subject) => {
  // One of several keys that would do: the `anyOf` around it is complained about as a whole.
  if (error.schemaPath.includes('/anyOf/')) return undefined;
  return misspeltKind(error, subject) ?? missing(error, subject, [error.params['missingProperty'] as string]);
};

/** None of several keys of which one must be there. */
export const anyOfMistake: Translator = (error, subject) => {
  const choices = error.schema as readonly { readonly required?: readonly string[] }[];
  return missing(
    error,
    subject,
    choices.flatMap((choice) => choice.required ?? []),
  );
};

/** A key that is not known where it stands. */
export const unknownKey: Translator = (error, subject) => {
  const key = error.params['additionalProperty'] as string;
  const allowed = Object.keys(objectAt(error.parentSchema, 'properties'));
  const open = allowed.filter((other) => !Object.hasOwn(objectAt(error.data), other));
  const meant = nearest(key, open);
  const taken = meant === undefined ? nearest(key, allowed) : undefined;
  const kind = textAt(subject.value, 'kind') ?? '';
  const other = elsewhere(subject.schema, kind, key);
  const known = other.length > 0 || (meant ?? taken) !== undefined;
  return {
    pointer: error.instancePath,
    rank: 0,
    diagnostic: complain(
      'ETL0104',
      keyPlace(subject.document, below(error.instancePath, key)),
      `unknown key \`${key}\``,
      {
        label: labelFor(meant, taken),
        help: known ? other : [`keys here: ${listText(allowed, 24)}`],
      },
    ),
    ...(meant !== undefined && { keys: [meant] }),
  };
};

function labelFor(meant: string | undefined, taken: string | undefined): string {
  if (meant !== undefined) return `did you mean \`${meant}\`?`;
  return taken === undefined ? 'not known here' : `\`${taken}\` is there already`;
}
