import type { ApiRequest } from '../../model/batch.ts';
import type { Credentials } from './credentials.ts';

/**
 * The credentials of a source, renewed once for all requests that were refused with the same ones: a second renewal
 * would throw away the token that the first has just brought.
 */
export class Renewals {
  readonly #credentials: Credentials;
  #generation = 0;
  #underWay: Promise<boolean> | undefined;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Counts what was renewed; a request remembers it from before it was sent. */
  get generation(): number {
    return this.#generation;
  }

  apply(request: ApiRequest, signal: AbortSignal): Promise<ApiRequest> {
    return this.#credentials.apply(request, signal);
  }

  /** Whether the credentials are others now than those of `generation`. */
  async renew(generation: number, signal: AbortSignal): Promise<boolean> {
    // The one under way may be given up by its own stream; then the next one tries.
    while (this.#underWay !== undefined) await this.#underWay.catch(() => false);
    if (generation !== this.#generation) return true;
    this.#underWay = this.#credentials.renew(signal);
    try {
      const renewed = await this.#underWay;
      if (renewed) this.#generation += 1;
      return renewed;
    } finally {
      this.#underWay = undefined;
    }
  }
}
