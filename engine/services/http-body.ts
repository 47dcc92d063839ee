import { type Duplex, pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  inflate,
} from 'node:zlib';
import { complaint, TerminalError, TransientError } from '../model/errors.ts';

/** A response as undici gives it. */
interface Received {
  readonly statusCode: number;
  readonly body: AsyncIterable<Uint8Array> & { destroy(): unknown };
}

const notModified = 304;

/** Encodings that {@link readBody} undoes, as an `Accept-Encoding` field. */
export const acceptedEncodings = 'gzip, br, deflate';

// Off the main thread, whatever the size: a small body can be a bomb that takes long to unpack.
const decoders: { readonly [encoding: string]: (body: Uint8Array, bound: Bound) => Promise<Uint8Array> } = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

interface Bound {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

/** A body without its compression, and as it came where that was gzip. */
export interface Body {
  readonly body: Uint8Array;
  readonly zipped?: Uint8Array;
  /** Present where its end was told by nothing but that of the connection, or of a stream of HTTP/2. */
  readonly unbounded?: true;
}

/**
 * Reads a body and undoes its compression; neither may be longer than `bytesMax`. `shown` is the URL for messages.
 * @throws TerminalError when it is too large.
 * @throws TransientError when it is cut short, or its compression is damaged.
 */
export async function readBody(
  { statusCode, body }: Received,
  headers: { readonly [header: string]: string },
  bytesMax: number,
  shown: string,
): Promise<Body> {
  if (statusCode === notModified) return { body: await nothing(body) };
  const received = await bounded(body, Number(headers['content-length']), bytesMax, shown);
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  const decode = decoders[encoding];
  if (decode === undefined || received.length === 0)
    return { body: received, ...(isUnbounded(headers) && { unbounded: true }) };
  const isGzip = encoding.endsWith('gzip');
  const chunkSize = isGzip ? chunkBytes(received) : zlibChunkBytes;
  const decoded = await decode(received, { maxOutputLength: bytesMax, chunkSize }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(shown, bytesMax);
      throw damaged(shown, error);
    },
  );
  // Without what was reserved in vain, so that its memory can be handed to a thread.
  return { body: isGzip ? new Uint8Array(decoded) : decoded, ...(isGzip && { zipped: received }) };
}

const unpackers: { readonly [encoding: string]: () => Duplex } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * A body piece by piece, without its compression.
 * @throws TransientError when it is cut short, or its compression is damaged.
 */
export async function* wholeBody(
  { body }: Received,
  headers: { readonly [header: string]: string },
  shown: string,
): AsyncIterable<Uint8Array> {
  const received = counted(body, Number(headers['content-length']), shown);
  const unpacker = unpackers[(headers['content-encoding'] ?? '').trim().toLowerCase()];
  if (unpacker === undefined) yield* received;
  else
    try {
      yield* pipeline(Readable.from(received), unpacker(), () => {});
    } catch (error) {
      throw String((error as NodeJS.ErrnoException).code).startsWith('Z') ? damaged(shown, error) : error;
    }
}

async function* counted(body: Received['body'], announced: number, shown: string): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    yield piece;
  }
  if (bytes < announced) throw cutShort(shown, bytes, announced);
}

/** Neither a length nor the last of its chunks; what is compressed shows its end itself. */
const isUnbounded = (headers: { readonly [header: string]: string }): boolean =>
  headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;

const zlibChunkBytes = 16 * 1024;
const chunkBytesMax = 1024 * 1024;

/**
 * How much to unpack at once: as many bytes as the end of a gzip says that there are, since each step costs more than the
 * unpacking of a small page. It may say what it likes: it is no bound, and has one.
 */
function chunkBytes(gzip: Uint8Array): number {
  const view = new DataView(gzip.buffer, gzip.byteOffset, gzip.byteLength);
  const said = gzip.byteLength < 4 ? 0 : view.getUint32(gzip.byteLength - 4, true);
  return Math.min(chunkBytesMax, Math.max(zlibChunkBytes, said + 64));
}

/** The length that it may announce is that of the body which is not sent again; undici takes that for a fault. */
async function nothing(body: Received['body']): Promise<Uint8Array> {
  await bounded(body, 0, 0, '').catch(() => {});
  return new Uint8Array();
}

/** Reads the body and stops at the bound, so that a huge response cannot exhaust memory. */
async function bounded(
  body: Received['body'],
  announced: number,
  bytesMax: number,
  shown: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stop = (): never => {
    body.destroy();
    throw tooLarge(shown, bytesMax);
  };
  if (announced > bytesMax) stop();
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) stop();
    chunks.push(chunk);
  }
  // In HTTP/2 the end of a stream that was reset can look like any other. One that announced no length is told by its JSON.
  if (bytes < announced) throw cutShort(shown, bytes, announced);
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

const cutShort = (shown: string, bytes: number, announced: number): TransientError =>
  new TransientError(
    complaint(
      'ETL0443',
      `the response of ${shown} is cut short`,
      `It has ${bytes.toLocaleString('en')} of the ${announced.toLocaleString('en')} bytes that it announced.`,
      'The connection broke while reading the body; if it happens each time, ask for smaller pages (`paginate.size`).',
    ),
  );

const damaged = (shown: string, cause: unknown): TransientError =>
  new TransientError(
    complaint(
      'ETL0412',
      `the compressed response of ${shown} is damaged`,
      'It was cut or altered on its way.',
    ),
    cause,
  );

const tooLarge = (shown: string, bytesMax: number): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0409',
      `the response of ${shown} is larger than ${bytesMax.toLocaleString('en')} bytes`,
      'It was not read further, and nothing of it is stored.',
      'Ask for smaller pages (`paginate.size`), or raise the source’s `maxResponseBytes`.',
    ),
  );
