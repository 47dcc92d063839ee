import type { ApiRequest } from '../../../model/batch.ts';
import type { Clock } from '../../../model/ports.ts';
import type { Credentials } from '../credentials.ts';
import { type IssuedToken, isFresh, type TokenSource } from './issued-token.ts';

/** Puts a token on requests; renews it before it expires, and once for all who wait for it. */
export class TokenCredentials implements Credentials {
  readonly #tokens: TokenSource;
  readonly #clock: Clock;
  readonly #put: (request: ApiRequest, token: string) => ApiRequest;
  #token: IssuedToken | undefined;
  #refused: string | undefined;
  #renewal: Promise<IssuedToken> | undefined;

  constructor(tokens: TokenSource, clock: Clock, put: (request: ApiRequest, token: string) => ApiRequest) {
    this.#tokens = tokens;
    this.#clock = clock;
    this.#put = put;
  }

  async apply(request: ApiRequest, signal?: AbortSignal): Promise<ApiRequest> {
    signal?.throwIfAborted();
    const held = this.#token;
    const token = held !== undefined && isFresh(held, this.#clock.now()) ? held : await this.#renewed();
    // Not while it waits: a refresh that has begun is finished, and others may wait for the same one.
    signal?.throwIfAborted();
    return this.#put(request, token.accessToken);
  }

  async renew(): Promise<boolean> {
    // Without one it is being renewed already.
    if (this.#token !== undefined) this.#refused = this.#token.accessToken;
    this.#token = undefined;
    return true;
  }

  #renewed(): Promise<IssuedToken> {
    this.#renewal ??= this.#tokens
      .current(this.#refused)
      .then((token) => {
        this.#token = token;
        return token;
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }
}
