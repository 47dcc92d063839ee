import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { gunzipSync, gzip } from 'node:zlib';

/** How bodies of pages are kept: compressed, and encrypted where there is a key. */
export interface Packer {
  /** `zipped`: the same bytes with gzip, where that is at hand. */
  pack(bytes: Uint8Array, page: number, zipped?: Uint8Array): Promise<Uint8Array>;
  /** Undefined when the body was encrypted with another key, for another page, or is damaged. */
  unpack(body: Uint8Array, page: number): Uint8Array | undefined;
}

/** Speed matters more than the last percent: kept pages are many, and read seldom. */
const gzipLevel = 1;

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
/** No gzip begins so. A version byte leaves room for another cipher. */
const mark = Buffer.from([0x53, 0x4c, 0x50, 0x01]);
const headBytes = mark.length + ivBytes + tagBytes;

/** Packs pages with the key of `pageKey`, made by scrypt; without it they are only compressed. Either way it unpacks both. */
export function pagePacker(pageKey: string | undefined): Packer {
  const key = pageKey === undefined ? undefined : scryptSync(pageKey, 'sluice pages', 32);
  return {
    pack: async (bytes, page, zipped) => {
      const packed = zipped ?? (await compressed(bytes));
      return key === undefined ? packed : sealed(packed, key, page);
    },
    unpack: (body, page) => {
      if (!isSealed(body)) return expanded(body);
      const opened = key === undefined ? undefined : open(body, key, page);
      return opened && expanded(opened);
    },
  };
}

const compressed = (bytes: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    gzip(bytes, { level: gzipLevel, chunkSize: 65_536 }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  });

function expanded(packed: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(packed);
  } catch {
    return undefined;
  }
}

const isSealed = (body: Uint8Array): boolean => mark.equals(body.subarray(0, mark.length));

/** The page's number is authenticated: a body put in the place of another one is refused. */
const aboutPage = (page: number): Buffer => Buffer.from(`page ${page}`);

function sealed(bytes: Uint8Array, key: Buffer, page: number): Uint8Array {
  const iv = randomBytes(ivBytes);
  const sealing = createCipheriv(cipher, key, iv).setAAD(aboutPage(page));
  const text = Buffer.concat([sealing.update(bytes), sealing.final()]);
  return Buffer.concat([mark, iv, sealing.getAuthTag(), text]);
}

function open(body: Uint8Array, key: Buffer, page: number): Uint8Array | undefined {
  if (body.length < headBytes) return undefined;
  const iv = body.subarray(mark.length, mark.length + ivBytes);
  const opening = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes })
    .setAAD(aboutPage(page))
    .setAuthTag(body.subarray(mark.length + ivBytes, headBytes));
  try {
    return Buffer.concat([opening.update(body.subarray(headBytes)), opening.final()]);
  } catch {
    return undefined;
  }
}
