import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type * as config from '../model/config.ts';
import { parseDuration } from '../model/units.ts';
import type { Answer } from './answer.ts';

const gzipBytesMin = 1024;
const compress = promisify(gzip);
/** A slow body comes in pieces that are so long apart. */
const pieceMs = 100;

const acceptsGzip = (header: string | undefined): boolean =>
  /(?:^|,)\s*(?:gzip|\*)\s*(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(header ?? '');

/** How an answer is sent. */
export interface Sending {
  /** What the client accepts, where bodies are compressed. */
  readonly acceptEncoding?: string | undefined;
  /** Epoch milliseconds for the `Date` header; without it, the machine's time. */
  readonly dateMs?: number | undefined;
  /** What goes wrong on the way. */
  readonly fault?: config.LabFault | undefined;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Sends an answer, compressed when the client accepts that and it is worth it, and damaged where a fault says so. */
export async function send(response: ServerResponse, answer: Answer, sending: Sending): Promise<void> {
  const { acceptEncoding, dateMs, fault } = sending;
  const zipped = answer.body.length >= gzipBytesMin && acceptsGzip(acceptEncoding);
  // The lab shares the machine with the engine it feeds: the fastest level serves both best.
  const body = zipped ? await compress(answer.body, { level: constants.Z_BEST_SPEED }) : answer.body;
  const begin = (bytes: number): void => {
    response.writeHead(answer.status, {
      ...(dateMs === undefined ? {} : { Date: new Date(dateMs).toUTCString() }),
      'Content-Type': 'application/json; charset=utf-8',
      Vary: 'Accept-Encoding',
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
      ...answer.headers,
      'Content-Length': bytes,
    });
  };
  if (fault !== undefined) return sendDamaged(response, body, begin, fault, sending.sleep);
  begin(body.length);
  response.end(body);
}

async function sendDamaged(
  response: ServerResponse,
  body: Buffer,
  begin: (bytes: number) => void,
  fault: config.LabFault,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault.kind) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'truncate':
      begin(body.length);
      response.write(half, () => response.destroy());
      return;
    case 'malform':
      begin(half.length);
      response.end(half);
      return;
    default:
      await sleep(parseDuration(fault.delay ?? '0ms'));
      begin(body.length);
      await dribble(response, body, fault.bytesPerSecond ?? Number.POSITIVE_INFINITY, sleep);
  }
}

async function dribble(
  response: ServerResponse,
  body: Buffer,
  bytesPerSecond: number,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const pieceBytes = Math.max(1, Math.min(body.length, Math.ceil((bytesPerSecond * pieceMs) / 1000)));
  for (let from = 0; from < body.length && !response.destroyed; from += pieceBytes) {
    if (from > 0) await sleep(pieceMs);
    response.write(body.subarray(from, from + pieceBytes));
  }
  response.end();
}
