import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** What the schema says about one document. */
export interface SchemaResult {
  readonly errors: readonly ErrorObject[];
  /** Pointers of values marked `x-secret`. */
  readonly secrets: readonly string[];
  /** Pointers of values marked `x-literal`: they are taken as written. */
  readonly literals: readonly string[];
}

interface Marks {
  readonly secrets: string[];
  readonly literals: string[];
}

/** Keywords for editors and for our own messages; ajv must know them and ignores them. */
const annotations = ['errorMessage', 'markdownDescription', 'defaultSnippets', 'x-names', 'x-values'];

function marker(keyword: string, list: keyof Marks): Parameters<Ajv['addKeyword']>[0] {
  return {
    keyword,
    schemaType: 'boolean',
    validate(this: Marks, _: unknown, __: unknown, ___?: unknown, context?: { instancePath: string }) {
      this[list].push(context?.instancePath ?? '');
      return true;
    },
  };
}

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    // Rules for one choice name keys that stand in the object around them.
    strictRequired: false,
    // The marking keywords write to the object that the validator is called on, so that it has no state of its own.
    passContext: true,
    // Each command compiles the schema once, and validates a few files: polishing the code costs more than it saves.
    code: { optimize: false },
  });
  formats.default(ajv, ['regex']);
  ajv.addVocabulary(annotations);
  ajv.addKeyword(marker('x-secret', 'secrets'));
  ajv.addKeyword(marker('x-literal', 'literals'));
  return ajv.compile(schema);
}

const compiled = new WeakMap<object, ValidateFunction>();

/** Compares a document with schema.json. */
export function checkSchema(schema: unknown, value: unknown): SchemaResult {
  const root = schema as object;
  const validate = compiled.get(root) ?? compile(root);
  compiled.set(root, validate);
  const marks: Marks = { secrets: [], literals: [] };
  validate.call(marks as unknown as Ajv, value);
  return {
    errors: validate.errors ?? [],
    secrets: [...new Set(marks.secrets)],
    literals: [...new Set(marks.literals)],
  };
}
