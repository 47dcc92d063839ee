/** Characters that are gathered before they become bytes: few enough that they are never copied as a large text. */
const gatheredMax = 8 * 1024;

/** Lines of a load file, which become bytes as they come: joined as one text first they would be copied three times. */
export class LineSheet {
  readonly #pieces: Buffer[] = [];
  #gathered = '';
  /** How many lines there are. */
  length = 0;

  push(line: string): void {
    this.#gathered += line;
    this.length += 1;
    if (this.#gathered.length >= gatheredMax) this.#write();
  }

  bytes(): Uint8Array {
    this.#write();
    return Buffer.concat(this.#pieces);
  }

  #write(): void {
    if (this.#gathered !== '') this.#pieces.push(Buffer.from(this.#gathered));
    this.#gathered = '';
  }
}
