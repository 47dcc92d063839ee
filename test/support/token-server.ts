import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that the server was sent. */
export interface TokenRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: { readonly [field: string]: string };
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: { readonly [header: string]: string };
  /** A text is sent as it is. */
  readonly body?: unknown;
}

export interface TokenServer {
  readonly url: string;
  readonly requests: readonly TokenRequest[];
  /** Refresh tokens that came a second time. */
  readonly reused: number;
  close(): Promise<void>;
}

export interface TokenServerOptions {
  /** Answers before the server's own rules; undefined leaves it to them. `destroy` breaks the connection. */
  readonly answer?: (request: TokenRequest, count: number) => Answer | 'destroy' | undefined;
  /** Whether a refresh token that was replaced is taken all the same. */
  readonly grace?: boolean;
  readonly expiresIn?: number;
}

/** A provider that is strict: it knows one refresh token, which works once and begins as `refresh-0`. */
export async function tokenServer(options: TokenServerOptions = {}): Promise<TokenServer> {
  const requests: TokenRequest[] = [];
  const issuer = new Issuer(options);
  const server = createServer(async (incoming, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks).toString();
    const form = Object.fromEntries(new URLSearchParams(body));
    const request = { path: incoming.url ?? '', headers: incoming.headers, form, body };
    requests.push(request);
    const told = options.answer?.(request, requests.length) ?? issuer.answer(request);
    if (told === 'destroy') return void incoming.socket.destroy();
    const text = typeof told.body === 'string' ? told.body : JSON.stringify(told.body ?? {});
    response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get reused() {
      return issuer.reused;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Issuer {
  reused = 0;
  #refreshes = 0;
  #issued = 0;
  readonly #options: TokenServerOptions;

  constructor(options: TokenServerOptions) {
    this.#options = options;
  }

  answer({ form }: TokenRequest): Answer {
    const { grace = false, expiresIn = 3600 } = this.#options;
    if (form['grant_type'] === 'refresh_token') {
      const isCurrent = form['refresh_token'] === `refresh-${this.#refreshes}`;
      if (!isCurrent) this.reused += 1;
      if (!isCurrent && !grace) {
        const body = {
          error: 'invalid_grant',
          error_description: `${form['refresh_token']} was used before`,
        };
        return { status: 400, body };
      }
      this.#refreshes += 1;
    }
    this.#issued += 1;
    return {
      body: {
        access_token: `access-${this.#issued}`,
        token_type: 'Bearer',
        expires_in: expiresIn,
        ...(form['grant_type'] === 'refresh_token' && { refresh_token: `refresh-${this.#refreshes}` }),
      },
    };
  }
}
