import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { PageFailure } from '../../../model/batch.ts';
import { damagedArchive, tooLarge } from './failures.ts';
import { unzipped, type Wanted } from './zip.ts';

const inflate = promisify(gunzip);

/** The first bytes of gzip and of zip, the latter also of an archive without files. No text begins so. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 &&
  bytes[1] === 0x4b &&
  [0x0403, 0x0605].includes(((bytes[3] ?? 0) << 8) | (bytes[2] ?? 0));

const packedMax = 3;

/** A body that is a gzip or a zip file, told by its first bytes, as what is packed in it; every other as it is. */
export async function unpacked(body: Uint8Array, wanted: Wanted): Promise<Uint8Array | PageFailure> {
  let bytes = body;
  // A gzip of a zip is seen; what is packed oftener is no report.
  for (let depth = 0; depth < packedMax; depth += 1) {
    if (!isGzip(bytes) && !isZip(bytes)) return bytes;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = await (isGzip(bytes) ? gunzipped(view, wanted) : unzipped(view, wanted));
    if ('transient' in found) return found;
    bytes = found;
  }
  return bytes;
}

async function gunzipped(body: Buffer, { place, bytesMax }: Wanted): Promise<Buffer | PageFailure> {
  try {
    return await inflate(body, { maxOutputLength: bytesMax });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(place, bytesMax);
    return damagedArchive(place, 'gzip', message);
  }
}
