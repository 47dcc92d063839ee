import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent, request as send } from 'undici';
import type { ApiRequest, ApiResponse } from '../model/batch.ts';
import { complaint, type ExplainedError, TerminalError, TransientError } from '../model/errors.ts';
import type { HttpClient, HttpOptions } from '../model/ports.ts';

const connectionsMax = 32;

/** The HTTP client on undici: keep-alive, a bounded body, and no redirects (they are answers like any other). */
export function undiciHttpClient(): HttpClient {
  const agent = new Agent({ connections: connectionsMax });
  return {
    send: (request, options, signal) => exchange(agent, request, options, signal),
    close: () => agent.close(),
  };
}

async function exchange(
  dispatcher: Agent,
  request: ApiRequest,
  options: HttpOptions,
  signal?: AbortSignal,
): Promise<ApiResponse> {
  const started = performance.now();
  try {
    const response = await send(request.url, {
      dispatcher,
      method: request.method,
      headers: { 'accept-encoding': 'gzip, br, deflate', accept: 'application/json', ...request.headers },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      ...(signal && { signal }),
    });
    const headers = flat(response.headers);
    const received = await bounded(response.body, headers, options.maxResponseBytes, request);
    const body = decompressed(received, headers['content-encoding'], options.maxResponseBytes, request);
    return { status: response.statusCode, headers, body, elapsedMs: performance.now() - started };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw explained(error, request, options);
  }
}

const flat = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ''].flat().join(', ')]),
  );

/** Reads the body and stops at the bound, so that a huge response cannot exhaust memory. */
async function bounded(
  body: AsyncIterable<Uint8Array> & { destroy(): void },
  headers: Record<string, string>,
  bytesMax: number,
  request: ApiRequest,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stop = (): never => {
    body.destroy();
    throw tooLarge(request, bytesMax);
  };
  if (Number(headers['content-length']) > bytesMax) stop();
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) stop();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

const decoders = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
} as const;

function decompressed(
  body: Uint8Array,
  encoding: string | undefined,
  maxOutputLength: number,
  request: ApiRequest,
): Uint8Array {
  const decode = decoders[(encoding ?? '').trim().toLowerCase() as keyof typeof decoders];
  if (decode === undefined || body.length === 0) return body;
  try {
    return decode(body, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(request, maxOutputLength);
    throw new TransientError(
      complaint(
        'ETL0412',
        `the compressed response of ${shown(request)} is damaged`,
        'It was cut or altered on its way.',
      ),
      error,
    );
  }
}

const tooLarge = (request: ApiRequest, bytesMax: number): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0409',
      `the response of ${shown(request)} is larger than ${bytesMax.toLocaleString('en')} bytes`,
      'It was not read further, and nothing of it is stored.',
      'Ask for smaller pages (`paginate.size`), or raise the source’s `maxResponseBytes`.',
    ),
  );

/** The URL without its query: parameters can carry keys. */
const shown = (request: ApiRequest): string => {
  const { origin, pathname } = new URL(request.url);
  return `${origin}${pathname}`;
};

/** A header that HTTP does not allow, such as a token with a line break. */
const invalidRequest = (message: string, cause: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0420',
      `the request cannot be sent: ${message}`,
      'Check the values that `auth` and `headers` refer to: a secret that was pasted may end with a line break.',
    ),
    cause,
  );

const reasons: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing answers there (connection refused)',
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name cannot be looked up now (DNS)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed in the middle of the answer',
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_HEADERS_TIMEOUT: 'no answer began in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is shorter than it said',
};

function explained(error: unknown, request: ApiRequest, options: HttpOptions): ExplainedError {
  if (error instanceof TransientError || error instanceof TerminalError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'UND_ERR_INVALID_ARG') return invalidRequest(message, error);
  const host = new URL(request.url).host;
  const timeout = code.includes('TIMEOUT') ? [`The source's \`timeout\` is ${options.timeoutMs} ms.`] : [];
  return new TransientError(
    complaint(
      'ETL0403',
      `${host} cannot be reached: ${reasons[code] ?? (message || code)}`,
      ...timeout,
      'Check `baseUrl` and the network.',
    ),
    error,
  );
}
