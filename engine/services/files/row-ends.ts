import type { CsvPlan } from '../../model/body-plan.ts';

/** Where whole rows end in a piece of a text file. */
export interface RowEnds {
  /** Bytes up to the end of the last row that is taken. */
  readonly bytes: number;
  readonly rows: number;
  /** Line ends in them. */
  readonly lines: number;
  /** Whether the piece ends inside of a quoted field. */
  readonly isQuoted: boolean;
}

/** How rows end: NDJSON has no quotes. Two bytes a character in UTF-16. */
export interface RowSyntax {
  readonly quote: number;
  readonly comment?: Uint8Array;
  readonly width: 1 | 2;
}

const lineFeed = 10;
const carriageReturn = 13;

export const ndjsonRows: RowSyntax = { quote: -1, width: 1 };

export function csvRows({ quote, comment, encoding }: CsvPlan): RowSyntax {
  const width = encoding === 'utf-16le' ? 2 : 1;
  return {
    quote: quote === '' ? -1 : quote.charCodeAt(0),
    ...(comment !== undefined && { comment: Buffer.from(comment, width === 2 ? 'utf16le' : 'utf8') }),
    width,
  };
}

/**
 * Finds the end of the last whole row, of at most `rowsMax`. A quote inside of quotes is doubled, so that every quote
 * turns quoting over. `isLast` says that the file ends with the piece: its last row needs no line end.
 */
export function rowEnds(piece: Buffer, syntax: RowSyntax, rowsMax: number, isLast: boolean): RowEnds {
  const scan = new RowScan(piece, syntax, isLast);
  while (scan.rows < rowsMax && scan.toLineEnd()) scan.endLine();
  const { rows, bytes, lines, linesTaken, isQuoted } = scan;
  if (isLast && rows < rowsMax && bytes < piece.length)
    return { bytes: piece.length, rows: rows + 1, lines, isQuoted };
  return { bytes, rows, lines: linesTaken, isQuoted };
}

class RowScan {
  readonly #piece: Buffer;
  readonly #syntax: RowSyntax;
  readonly #isLast: boolean;
  #at = 0;
  #isComment: boolean;
  rows = 0;
  lines = 0;
  bytes = 0;
  linesTaken = 0;
  isQuoted = false;

  constructor(piece: Buffer, syntax: RowSyntax, isLast: boolean) {
    this.#piece = piece;
    this.#syntax = syntax;
    this.#isLast = isLast;
    this.#isComment = isCommentAt(piece, 0, syntax);
  }

  /** Goes behind the next line end; false where there is none. */
  toLineEnd(): boolean {
    const { width, quote } = this.#syntax;
    for (; this.#at + width <= this.#piece.length; ) {
      const code = this.#codeAt(this.#at);
      this.#at += width;
      if (code === quote && !this.#isComment) this.isQuoted = !this.isQuoted;
      if (code === lineFeed || (code === carriageReturn && this.#isAlone())) return true;
    }
    return false;
  }

  /** A line end inside of quotes ends no row, and a comment is none. */
  endLine(): void {
    this.lines += 1;
    if (this.isQuoted) return;
    if (!this.#isComment) this.rows += 1;
    this.bytes = this.#at;
    this.linesTaken = this.lines;
    this.#isComment = isCommentAt(this.#piece, this.#at, this.#syntax);
  }

  #codeAt(at: number): number {
    return this.#syntax.width === 2 ? this.#piece.readUInt16LE(at) : (this.#piece[at] as number);
  }

  /** Whether the CR before is not followed by LF. What follows one at the end of the piece is not known. */
  #isAlone(): boolean {
    if (this.#at + this.#syntax.width > this.#piece.length) return this.#isLast;
    return this.#codeAt(this.#at) !== lineFeed;
  }
}

const isCommentAt = (piece: Buffer, at: number, { comment }: RowSyntax): boolean =>
  comment !== undefined && piece.subarray(at, at + comment.length).equals(comment);
