import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { isJson } from './json.ts';
import { below, complain, placeWithin, valuePlace } from './places.ts';
import { isReference, type Malformed, type Part, partsOf, type Reference } from './references.ts';
import { didYouMean, listText } from './suggest.ts';

export type Variables = ReadonlyMap<string, string | number | boolean>;

/** What is done with the texts below a pointer: nothing, a look for mistakes, or everything. */
export type Treatment = 'leave' | 'definition' | 'fill';

export interface Filling {
  readonly environment: string;
  /** Whose source is filled in, where it has accounts. */
  readonly account?: string;
  readonly variables: Variables;
  /** Environments that have a variable of this name. */
  readonly elsewhere: (name: string) => readonly string[];
  /** Whether variables may be defined in a file that could not be read. */
  readonly incomplete: boolean;
  readonly treatment: (file: string, pointer: string) => Treatment;
}

/** `${env:…}` or `${file:…}` and where it stands. */
export interface FoundReference {
  readonly reference: string;
  readonly at: string;
}

/** A document with its variables filled in. */
export interface Filled {
  readonly document: SourceDocument;
  readonly value: unknown;
  /** Pointers of texts that hold a `${…}` which could not be filled in. */
  readonly unresolved: ReadonlySet<string>;
  readonly references: readonly FoundReference[];
  readonly diagnostics: readonly (Diagnostic & { readonly pointer: string })[];
}

class Filler {
  readonly unresolved = new Set<string>();
  readonly references: FoundReference[] = [];
  readonly diagnostics: (Diagnostic & { pointer: string })[] = [];
  readonly #document: SourceDocument;
  readonly #filling: Filling;

  constructor(document: SourceDocument, filling: Filling) {
    this.#document = document;
    this.#filling = filling;
  }

  value(value: unknown, pointer: string): unknown {
    if (typeof value === 'string') return this.#text(value, pointer);
    if (Array.isArray(value)) return value.map((item, at) => this.value(item, below(pointer, at)));
    if (!isJson(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.value(item, below(pointer, key))]),
    );
  }

  #text(text: string, pointer: string): unknown {
    const parts = partsOf(text);
    if (parts.length === 0) return text;
    const treatment = this.#filling.treatment(this.#document.file, pointer);
    if (treatment === 'leave') {
      this.unresolved.add(pointer);
      return text;
    }
    const [only] = parts;
    if (only?.kind === 'var' && only.text === text) return this.#variable(only, text, pointer, treatment);
    let filled = '';
    let from = 0;
    for (const part of parts) {
      filled += text.slice(from, part.at) + String(this.#part(part, text, pointer, treatment));
      from = part.at + part.text.length;
    }
    return filled + text.slice(from);
  }

  #part(part: Part, text: string, pointer: string, treatment: Treatment): unknown {
    if (part.kind === 'escape') return '${';
    if (!isReference(part)) return this.#malformed(part, text, pointer);
    if (part.kind === 'var') return this.#variable(part, text, pointer, treatment);
    if (treatment === 'fill') this.#refer(part.text, text, part.at, pointer);
    return part.text;
  }

  #variable(part: Reference, text: string, pointer: string, treatment: Treatment): unknown {
    if (treatment === 'definition') {
      this.#complain('ETL0113', part, text, pointer, 'a variable cannot refer to another variable', {
        help: ['Write the value out; `${env:NAME}` and `${file:PATH}` may stand here.'],
      });
      return part.text;
    }
    const value = this.#filling.variables.get(part.name);
    if (value === undefined) return this.#unknown(part, text, pointer);
    if (typeof value === 'string') {
      for (const inner of partsOf(value)) {
        if (inner.kind === 'env' || inner.kind === 'file') this.#refer(inner.text, text, part.at, pointer);
      }
    }
    return value;
  }

  #unknown(part: Reference, text: string, pointer: string): string {
    const { variables, elsewhere, environment, account, incomplete } = this.#filling;
    this.unresolved.add(pointer);
    if (incomplete) return part.text;
    const others = elsewhere(part.name);
    const names = [...variables.keys()];
    this.#complain('ETL0112', part, text, pointer, `there is no variable \`${part.name}\``, {
      label: didYouMean(part.name, names),
      help: [
        ...(others.length > 0 ? [`it is defined in ${listText(others)}, and this is ${environment}`] : []),
        ...(account === undefined ? [] : [`the account \`${account}\` has none, nor has its source`]),
        names.length > 0
          ? `variables: ${listText(names)}`
          : `define it in etl.yml: \`vars: {${part.name}: …}\``,
      ],
    });
    return part.text;
  }

  #malformed(part: Malformed, text: string, pointer: string): string {
    this.unresolved.add(pointer);
    const escaped = part.kind === 'escaped_reference';
    const help = escaped
      ? 'A literal `${env:` or `${file:` cannot be written: it would be filled in later.'
      : 'References are `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` and `${var:NAME}`; a plain `${` is written `$${`.';
    const summary = escaped ? 'this cannot be escaped' : `\`${part.text}\` is not a reference`;
    this.#complain('ETL0113', part, text, pointer, summary, { help: [help] });
    return part.text;
  }

  #refer(reference: string, text: string, at: number, pointer: string): void {
    const whole = valuePlace(this.#document, pointer);
    const place = placeWithin(whole, text, at, reference.length);
    this.references.push({ reference, at: `${place.file}:${place.line}:${place.column}` });
  }

  #complain(
    code: string,
    part: Part,
    text: string,
    pointer: string,
    summary: string,
    words: Parameters<typeof complain>[3],
  ): void {
    const place = placeWithin(valuePlace(this.#document, pointer), text, part.at, part.text.length);
    this.diagnostics.push({ ...complain(code, place, summary, words), pointer });
  }
}

/** Fills `${var:NAME}` in every text of a document and finds the references that stay. */
export function substitute(document: SourceDocument, filling: Filling): Filled {
  const filler = new Filler(document, filling);
  const value = filler.value(document.value, '');
  const { unresolved, references, diagnostics } = filler;
  return { document, value, unresolved, references, diagnostics };
}
