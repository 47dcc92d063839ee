import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import type { PageFailure } from '../../../model/batch.ts';
import { globMatcher } from '../../../model/glob.ts';
import { damagedArchive, lockedArchive, otherEntries, tooLarge } from './failures.ts';

/** Entries that are looked at, so that a huge directory cannot hold up a worker. */
const entriesMax = 10_000;

export interface Wanted {
  readonly place: string;
  readonly bytesMax: number;
  /** Glob over the names of entries. */
  readonly entry?: string;
}

/** The one file of a zip archive that is wanted. Its length and its checksum are those that the archive says. */
export async function unzipped(archive: Buffer, wanted: Wanted): Promise<Buffer | PageFailure> {
  try {
    const zip = await fromBufferPromise(archive, { lazyEntries: true });
    return await unpackEntry(zip, wanted);
  } catch (error) {
    return damagedArchive(wanted.place, 'zip', error instanceof Error ? error.message : String(error));
  }
}

async function unpackEntry(zip: ZipFile, wanted: Wanted): Promise<Buffer | PageFailure> {
  const { place, entry: glob, bytesMax } = wanted;
  const files = await filesIn(zip);
  const matches = glob === undefined ? () => true : globMatcher(glob);
  const found = files.filter(({ fileName }) => matches(fileName));
  const [file] = found;
  if (file === undefined || found.length > 1)
    return otherEntries(
      place,
      found.map(({ fileName }) => fileName),
      files.map(({ fileName }) => fileName),
      glob,
    );
  if (!file.canDecodeFileData()) return lockedArchive(place, file.fileName);
  if (file.uncompressedSize > bytesMax) return tooLarge(place, bytesMax);
  const bytes = await contentOf(zip, file);
  if (crc32(bytes) === file.crc32) return bytes;
  return damagedArchive(place, 'zip', `the checksum of ${JSON.stringify(file.fileName)} is another one`);
}

async function filesIn(zip: ZipFile): Promise<readonly Entry[]> {
  const files: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.endsWith('/')) files.push(entry);
    if (files.length > entriesMax) break;
  }
  return files;
}

/** No longer than its size says: the reader sees to that. */
async function contentOf(zip: ZipFile, file: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(file)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
