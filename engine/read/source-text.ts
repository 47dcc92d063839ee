import type { Place } from '../model/diagnostic.ts';

/** A text and the starts of its lines, so that offsets become places. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #starts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#starts = [0, ...[...text.matchAll(/\n/g)].map((found) => found.index + 1)];
  }

  /** The place of the characters from `start` up to `end`, clipped to the line on which they start. */
  place(start: number, end: number): Place {
    const row = this.#rowOf(start);
    const first = this.#starts[row] ?? 0;
    const text = this.text
      .slice(first, (this.#starts[row + 1] ?? this.text.length + 1) - 1)
      .replace(/\r$/, '');
    const from = Math.min(start - first, text.length);
    const to = Math.min(end - first, text.length);
    return { file: this.file, line: row + 1, column: from + 1, endColumn: Math.max(from, to) + 1, text };
  }

  /** The place of the word at an offset, or of the next one on its line. */
  word(offset: number): Place {
    const blank = /[^\S\n]*/y;
    blank.lastIndex = offset;
    const start = offset + (blank.exec(this.text)?.[0].length ?? 0);
    const word = /[\w$-]+|\S?/y;
    word.lastIndex = start;
    return this.place(start, start + Math.max(1, word.exec(this.text)?.[0].length ?? 0));
  }

  #rowOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
