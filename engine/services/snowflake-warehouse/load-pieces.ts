import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';

const quote = 0x22;
const backslash = 0x5c;
const lineEnd = 0x0a;
const letterN = 0x4e;

/** Larger reads were not measured to be faster. */
const readBytes = 1024 * 1024;
/** Higher levels take twice the time and more for a few percent. */
const gzipLevel = 3;

/**
 * Reads a load file as Snowflake takes it: `\N` outside of quotes becomes the empty field. Snowflake would take `\N` in
 * quotes for NULL as well, if it were told that `\N` is NULL.
 */
class LoadFileReader {
  #isQuoted = false;
  #isEscape = false;

  /** The next bytes, and where in them the last row ends; 0 where none does. */
  next(chunk: Uint8Array): { readonly bytes: Uint8Array; readonly rowsEnd: number } {
    const bytes = Buffer.allocUnsafe(chunk.length);
    let length = 0;
    let rowsEnd = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#isQuoted) {
        const end = chunk.indexOf(quote, at) + 1 || chunk.length;
        this.#isQuoted = chunk[end - 1] !== quote;
        bytes.set(chunk.subarray(at, end), length);
        length += end - at;
        at = end;
        continue;
      }
      const byte = chunk[at++] as number;
      if (this.#isNullMark(byte)) continue;
      bytes[length++] = byte;
      this.#isQuoted = byte === quote;
      if (byte === lineEnd) rowsEnd = length;
    }
    return { bytes: bytes.subarray(0, length), rowsEnd };
  }

  /** Whether a byte outside of quotes is one of `\\N`. */
  #isNullMark(byte: number): boolean {
    const isSecond = this.#isEscape && byte === letterN;
    this.#isEscape = byte === backslash;
    return isSecond || this.#isEscape;
  }
}

/** One compressed file, written bit by bit. */
class Piece {
  readonly path: string;
  readonly #gzip: Gzip = createGzip({ level: gzipLevel });
  readonly #written: Promise<void>;
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
    this.#gzip.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
    });
    const file = createWriteStream(path, { mode: 0o600 });
    this.#gzip.on('error', (error) => file.destroy(error));
    this.#written = finished(this.#gzip.pipe(file));
    // It is awaited at the end; until then a failure must not end the process.
    this.#written.catch(() => {});
  }

  /** What it takes so far, but for what the compressor still holds back. */
  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#gzip.write(bytes)) await Promise.race([once(this.#gzip, 'drain'), this.#written]);
  }

  async end(): Promise<void> {
    this.#gzip.end();
    await this.#written;
  }
}

/** Cuts a load file at row ends into compressed files of about `fileBytes`, and gives each as soon as it is whole. */
export async function* loadPieces(file: string, folder: string, fileBytes: number): AsyncGenerator<string> {
  const reader = new LoadFileReader();
  let count = 0;
  let piece: Piece | undefined;
  const write = async (bytes: Uint8Array): Promise<Piece | undefined> => {
    if (bytes.length === 0) return piece;
    piece ??= new Piece(join(folder, `part-${String(++count).padStart(5, '0')}.csv.gz`));
    await piece.write(bytes);
    return piece;
  };
  for await (const chunk of createReadStream(file, { highWaterMark: readBytes })) {
    const { bytes, rowsEnd } = reader.next(chunk as Uint8Array);
    const written = await write(bytes.subarray(0, rowsEnd));
    if (written !== undefined && rowsEnd > 0 && written.bytes >= fileBytes) {
      await written.end();
      yield written.path;
      piece = undefined;
    }
    await write(bytes.subarray(rowsEnd));
  }
  if (piece === undefined) return;
  await piece.end();
  yield piece.path;
}
