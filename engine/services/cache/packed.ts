import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import type { CachedResponse } from '../../model/ports.ts';

/** A reply as it is kept, with the time until which it is of use. */
export interface Kept {
  readonly response: CachedResponse;
  /** Epoch milliseconds. */
  readonly expiresMs: number;
}

type Head = Omit<CachedResponse, 'body'> & Pick<Kept, 'expiresMs'>;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const lengthBytes = 4;

/** One piece of bytes: the length of the head, the head as JSON, the body as gzip. Inverse of {@link unpacked}. */
export async function packed({ response: { body, ...rest }, expiresMs }: Kept): Promise<Buffer> {
  const head = Buffer.from(JSON.stringify({ ...rest, expiresMs } satisfies Head));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, await compress(body, { level: constants.Z_BEST_SPEED })]);
}

/** @throws when the bytes are not what {@link packed} gives. */
export async function unpacked(bytes: Buffer): Promise<Kept> {
  const end = lengthBytes + bytes.readUInt32BE();
  const { expiresMs, ...head } = JSON.parse(bytes.toString('utf8', lengthBytes, end)) as Head;
  return { response: { ...head, body: await decompress(bytes.subarray(end)) }, expiresMs };
}
