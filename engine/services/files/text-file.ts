import { createReadStream, promises as fs } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { damagedGzip, unreadable } from './failures.ts';

/** A file to be read page by page. */
export interface ReadFile {
  /** As people call it. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly isGzip: boolean;
}

export interface Piece {
  readonly bytes: Buffer;
  /** Whether the file ends with it. */
  readonly isLast: boolean;
}

/** A file that is read piece by piece, by where a piece begins in what is unpacked. */
export interface TextFile {
  read(offset: number, bytesMax: number): Promise<Piece>;
  close(): Promise<void>;
}

export const openText = ({ path, name, isGzip }: ReadFile): TextFile =>
  isGzip ? new PackedFile(path, name) : plainFile(path, name);

const plainFile = (path: string, file: string): TextFile => ({
  read: async (offset, bytesMax) => {
    try {
      const handle = await fs.open(path);
      try {
        const { size } = await handle.stat();
        const bytes = Buffer.alloc(Math.max(0, Math.min(bytesMax, size - offset)));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
        return { bytes: bytes.subarray(0, bytesRead), isLast: offset + bytesRead >= size };
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw unreadable(file, error);
    }
  },
  close: async () => {},
});

/** A gzip file is unpacked on and on; only who asks for an earlier place, as after an interruption, unpacks it anew. */
class PackedFile implements TextFile {
  readonly #path: string;
  readonly #file: string;
  #chunks: AsyncIterator<Buffer> | undefined;
  /** What is unpacked and was not passed yet, and where it begins. */
  #held: Buffer = Buffer.alloc(0);
  #start = 0;
  #ended = false;

  constructor(path: string, file: string) {
    this.#path = path;
    this.#file = file;
  }

  async read(offset: number, bytesMax: number): Promise<Piece> {
    if (this.#chunks === undefined || offset < this.#start) await this.#restart();
    while (!this.#ended && this.#start + this.#held.length < offset + bytesMax + 1)
      await this.#unpack(offset);
    this.#pass(offset);
    return {
      bytes: Buffer.from(this.#held.subarray(0, bytesMax)),
      isLast: this.#ended && this.#held.length <= bytesMax,
    };
  }

  async close(): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = undefined;
  }

  async #restart(): Promise<void> {
    await this.close();
    const source = createReadStream(this.#path);
    const unpacking = createGunzip();
    source.on('error', (error) => unpacking.destroy(error));
    source.pipe(unpacking);
    unpacking.on('close', () => source.destroy());
    this.#chunks = unpacking[Symbol.asyncIterator]();
    this.#held = Buffer.alloc(0);
    this.#start = 0;
    this.#ended = false;
  }

  async #unpack(offset: number): Promise<void> {
    try {
      const result = await this.#chunks?.next();
      if (result === undefined || result.done === true) this.#ended = true;
      else this.#held = Buffer.concat([this.#held, result.value]);
    } catch (error) {
      const { code = '', syscall } = error as NodeJS.ErrnoException;
      throw syscall === undefined && code.startsWith('Z')
        ? damagedGzip(this.#file, error)
        : unreadable(this.#file, error);
    }
    this.#pass(offset);
  }

  #pass(offset: number): void {
    const passed = Math.min(this.#held.length, Math.max(0, offset - this.#start));
    this.#held = this.#held.subarray(passed);
    this.#start += passed;
  }
}
