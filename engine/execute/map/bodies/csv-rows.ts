/** What is wrong with a CSV text, and the line where it begins, from 1. */
export interface CsvFault {
  readonly kind: 'unclosed quote' | 'text behind a quote' | 'quote inside a field';
  readonly line: number;
}

export interface CsvSyntax {
  /** One character. */
  readonly delimiter: string;
  /** One character; empty where nothing is quoted. */
  readonly quote: string;
  /** What stands for no value, outside of quotes. */
  readonly nullValue: string;
  /** Begins lines that are left out. */
  readonly comment?: string;
}

export type CsvRow = (string | null)[];

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Reads CSV row by row (RFC 4180), each with the line that it begins in. Rows end with CRLF, LF or CR. An empty line is a
 * row of one field. Nothing is guessed: what does not fit ends the reading with a fault.
 */
export class CsvRows {
  readonly #text: string;
  readonly #syntax: CsvSyntax;
  readonly #delimiter: number;
  readonly #quote: number;
  #at = 0;
  #line = 1;
  #fault: CsvFault | undefined;

  constructor(text: string, syntax: CsvSyntax) {
    this.#text = text;
    this.#syntax = syntax;
    this.#delimiter = syntax.delimiter.charCodeAt(0);
    this.#quote = syntax.quote === '' ? -1 : syntax.quote.charCodeAt(0);
  }

  get fault(): CsvFault | undefined {
    return this.#fault;
  }

  /** Line of the next row. */
  get line(): number {
    return this.#line;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next row; undefined at the end, or at a fault. */
  next(): CsvRow | undefined {
    this.#skipComments();
    if (this.#at >= this.#text.length || this.#fault !== undefined) return undefined;
    const row: CsvRow = [];
    for (;;) {
      row.push(this.#text.charCodeAt(this.#at) === this.#quote ? this.#quoted() : this.#plain());
      if (this.#fault !== undefined) return undefined;
      if (this.#text.charCodeAt(this.#at) !== this.#delimiter) break;
      this.#at += 1;
    }
    this.#endLine();
    return row;
  }

  #plain(): string | null {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === this.#delimiter || code === lineFeed || code === carriageReturn) break;
      if (code === this.#quote) this.#fault = { kind: 'quote inside a field', line: this.#line };
    }
    this.#at = at;
    const value = text.slice(start, at);
    return value === this.#syntax.nullValue ? null : value;
  }

  #quoted(): string {
    const text = this.#text;
    const { quote } = this.#syntax;
    const start = this.#at + 1;
    let end = text.indexOf(quote, start);
    let doubled = false;
    while (end >= 0 && text.charCodeAt(end + 1) === this.#quote) {
      doubled = true;
      end = text.indexOf(quote, end + 2);
    }
    if (end < 0) {
      this.#fault = { kind: 'unclosed quote', line: this.#line };
      return '';
    }
    const value = text.slice(start, end);
    this.#line += linesIn(value);
    this.#at = end + 1;
    if (!this.#isFieldEnd(end + 1)) this.#fault = { kind: 'text behind a quote', line: this.#line };
    return doubled ? value.replaceAll(quote + quote, quote) : value;
  }

  #isFieldEnd(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    return (
      at >= this.#text.length || code === this.#delimiter || code === lineFeed || code === carriageReturn
    );
  }

  #endLine(): void {
    if (this.#at >= this.#text.length) return;
    const isPair =
      this.#text.charCodeAt(this.#at) === carriageReturn && this.#text.charCodeAt(this.#at + 1) === lineFeed;
    this.#at += isPair ? 2 : 1;
    this.#line += 1;
  }

  #skipComments(): void {
    const { comment } = this.#syntax;
    while (comment !== undefined && this.#text.startsWith(comment, this.#at)) {
      while (this.#at < this.#text.length && !isLineEnd(this.#text.charCodeAt(this.#at))) this.#at += 1;
      this.#endLine();
    }
  }
}

const isLineEnd = (code: number): boolean => code === lineFeed || code === carriageReturn;

function linesIn(value: string): number {
  let lines = 0;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code === lineFeed || (code === carriageReturn && value.charCodeAt(at + 1) !== lineFeed)) lines += 1;
  }
  return lines;
}
