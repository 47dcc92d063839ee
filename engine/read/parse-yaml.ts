import { Composer, type Document, Lexer, Parser, type YAMLError } from 'yaml';

/** Deepest nesting of lists and keys that is read. */
export const nestingMax = 100;

/** What a text is as YAML 1.2: the first document, or the first thing wrong with it. */
export type YamlText =
  | { readonly kind: 'document'; readonly document: Document.Parsed }
  | { readonly kind: 'wrong'; readonly error: YAMLError; readonly quoteAt?: number }
  | { readonly kind: 'several'; readonly at: number }
  | { readonly kind: 'deep'; readonly at: number };

class Reader {
  /** Where the last quoted text begins: the error for a missing quote names only the end of the file. */
  quoteAt: number | undefined;
  deepAt: number | undefined;
  readonly #parser = new Parser();

  *tokens(text: string): Generator<ReturnType<Parser['next']> extends Generator<infer T> ? T : never> {
    for (const lexeme of new Lexer().lex(text)) {
      if (/^["']/.test(lexeme)) this.quoteAt = this.#parser.offset;
      yield* this.#parser.next(lexeme);
      // The composer recurses, so that depth has to be bounded before it sees the tokens.
      if (this.#parser.stack.length > nestingMax) {
        this.deepAt = this.#parser.offset;
        return;
      }
    }
    yield* this.#parser.end();
  }
}

/** Reads a text as YAML 1.2, core schema. Takes bounded time and memory for any text of bounded size. */
export function parseYaml(text: string): YamlText {
  const reader = new Reader();
  const options = { keepSourceTokens: true, prettyErrors: false, schema: 'core', uniqueKeys: false } as const;
  const found: Document.Parsed[] = [];
  for (const document of new Composer(options).compose(reader.tokens(text), true, text.length)) {
    found.push(document as Document.Parsed);
    if (found.length > 1) break;
  }
  if (reader.deepAt !== undefined) return { kind: 'deep', at: reader.deepAt };
  const [document, second] = found;
  const error = document?.errors[0] ?? document?.warnings[0];
  if (error !== undefined) {
    return { kind: 'wrong', error, ...(reader.quoteAt === undefined ? {} : { quoteAt: reader.quoteAt }) };
  }
  if (second !== undefined) return { kind: 'several', at: second.range[0] };
  return { kind: 'document', document: document as Document.Parsed };
}
