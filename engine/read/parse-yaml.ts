import { Composer, type Document, Lexer, Parser, type YAMLError } from 'yaml';

/** Deepest nesting of lists and keys that is read. */
export const nestingMax = 100;

/** What a text is as YAML 1.2: the first document, or the first thing wrong with it. */
export type YamlText =
  | { readonly kind: 'document'; readonly document: Document.Parsed }
  | { readonly kind: 'wrong'; readonly error: YAMLError; readonly opening?: number }
  | { readonly kind: 'several'; readonly at: number }
  | { readonly kind: 'deep'; readonly at: number };

class Reader {
  /** Where the last quoted text begins. */
  quoteAt: number | undefined;
  readonly #brackets: { readonly at: number; readonly opens: boolean }[] = [];
  deepAt: number | undefined;
  readonly #parser = new Parser();

  *tokens(text: string): Generator<ReturnType<Parser['next']> extends Generator<infer T> ? T : never> {
    for (const lexeme of new Lexer().lex(text)) {
      if (/^["']/.test(lexeme)) this.quoteAt = this.#parser.offset;
      if (/^[[\]{}]$/.test(lexeme))
        this.#brackets.push({ at: this.#parser.offset, opens: /[[{]/.test(lexeme) });
      yield* this.#parser.next(lexeme);
      // The composer recurses, so that depth has to be bounded before it sees the tokens.
      if (this.#parser.stack.length > nestingMax) {
        this.deepAt = this.#parser.offset;
        return;
      }
    }
    yield* this.#parser.end();
  }

  /** Where the innermost bracket opens that is still open at an offset. */
  bracketAt(offset: number): number | undefined {
    const open: number[] = [];
    for (const { at, opens } of this.#brackets) {
      if (at >= offset) break;
      if (opens) open.push(at);
      else open.pop();
    }
    return open.at(-1);
  }

  /** Where the thing begins that an error says is never closed: the error itself names only the place after it. */
  openingOf({ message, pos }: YAMLError): number | undefined {
    if (message.startsWith('Missing closing')) return this.quoteAt;
    return /^Flow (map|sequence)/.test(message) ? this.bracketAt(pos[0]) : undefined;
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
    const opening = reader.openingOf(error);
    return { kind: 'wrong', error, ...(opening !== undefined && { opening }) };
  }
  if (second !== undefined) return { kind: 'several', at: second.range[0] };
  return { kind: 'document', document: document as Document.Parsed };
}
