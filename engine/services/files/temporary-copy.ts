import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaint, TerminalError } from '../../model/errors.ts';

/** A file that is written once and then read by its path. */
export interface TemporaryCopy {
  readonly path: string;
  readonly bytes: number;
  /** By its first bytes. */
  readonly isGzip: boolean;
  /** SHA-256 of what it holds, hex. */
  readonly hash: string;
  /** It is gone then. */
  remove(): Promise<void>;
}

/** What is written of a copy, piece by piece. */
export type Pieces = AsyncIterable<Uint8Array>;

/**
 * Writes a copy into the system's folder for temporary files, readable by this user alone. On Linux it has no name there:
 * whatever becomes of this process, nothing of it stays.
 * @throws TerminalError when it is longer than `bytesMax`, or there is no room.
 */
export async function temporaryCopy(pieces: Pieces, bytesMax: number, shown: string): Promise<TemporaryCopy> {
  const folder = await fs.mkdtemp(join(tmpdir(), 'sluice-copy-'));
  const named = join(folder, 'copy');
  const handle = await fs.open(named, 'wx+', 0o600);
  const remove = async (): Promise<void> => {
    await handle.close().catch(() => {});
    await fs.rm(folder, { recursive: true, force: true });
  };
  try {
    const isNameless = process.platform === 'linux';
    if (isNameless) await fs.rm(folder, { recursive: true });
    const written = await write(handle, pieces, bytesMax, shown);
    return { ...written, remove, path: isNameless ? `/proc/self/fd/${handle.fd}` : named };
  } catch (error) {
    await remove();
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? noRoom(shown, error) : error;
  }
}

async function write(
  handle: fs.FileHandle,
  pieces: Pieces,
  bytesMax: number,
  shown: string,
): Promise<Pick<TemporaryCopy, 'bytes' | 'hash' | 'isGzip'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > bytesMax) throw tooLong(shown, bytesMax);
    hash.update(piece);
    await handle.writeFile(piece);
  }
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return { bytes, hash: hash.digest('hex'), isGzip: buffer.equals(gzipStart) };
}

const gzipStart = Buffer.from([0x1f, 0x8b]);

const tooLong = (shown: string, bytesMax: number): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0409',
      `${shown} is larger than ${bytesMax.toLocaleString('en')} bytes`,
      'It was not read further, and nothing of it is stored.',
      'Let it be written in parts, and read each as a stream of its own.',
    ),
  );

const noRoom = (shown: string, cause: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0486',
      `there is no room for a copy of ${shown} in ${tmpdir()}`,
      'A file at a URL is copied there before it is read. Name another folder with the variable TMPDIR.',
    ),
    cause,
  );
