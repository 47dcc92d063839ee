import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

/** What the lab answers to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: { readonly [header: string]: string };
  readonly body: Buffer;
  /** How many records the body holds. */
  readonly records: number;
}

/** A request that the lab turns down, with what a provider would say. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly headers: { readonly [header: string]: string };

  constructor(status: number, code: string, message: string, headers: Answer['headers'] = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A 400 that says what is wrong with the request. */
export const badRequest = (message: string): Refusal => new Refusal(400, 'bad_request', message);

/** The JSON error that a client gets. */
export const refusalAnswer = (refusal: Refusal): Answer => ({
  status: refusal.status,
  headers: refusal.headers,
  body: Buffer.from(JSON.stringify({ error: { code: refusal.code, message: refusal.message } })),
  records: 0,
});

const gzipBytesMin = 1024;
const compress = promisify(gzip);

const acceptsGzip = (header: string | undefined): boolean =>
  /(?:^|,)\s*(?:gzip|\*)\s*(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(header ?? '');

/** Sends an answer, compressed when the client accepts that and it is worth it. */
export async function send(response: ServerResponse, answer: Answer, acceptEncoding?: string): Promise<void> {
  const zipped = answer.body.length >= gzipBytesMin && acceptsGzip(acceptEncoding);
  // The lab shares the machine with the engine it feeds: the fastest level serves both best.
  const body = zipped ? await compress(answer.body, { level: constants.Z_BEST_SPEED }) : answer.body;
  response.writeHead(answer.status, {
    'Content-Type': 'application/json; charset=utf-8',
    Vary: 'Accept-Encoding',
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    ...answer.headers,
    'Content-Length': body.length,
  });
  response.end(body);
}
