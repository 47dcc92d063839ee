import type { ApiRequest, ApiResponse } from '../../model/batch.ts';

/** Says the request after a response, where its headers tell. */
export type Next = (response: ApiResponse) => ApiRequest | undefined;

/** A request on its way, and what is to follow it. */
class Flight<Page> {
  readonly request: ApiRequest;
  readonly page: Promise<Page>;
  readonly #follow: (next: ApiRequest | undefined) => void;
  #response: ApiResponse | undefined;
  #next: Next | undefined;

  constructor(
    request: ApiRequest,
    send: (request: ApiRequest, arrived: (response: ApiResponse) => void) => Promise<Page>,
    follow: (next: ApiRequest | undefined) => void,
  ) {
    this.request = request;
    this.#follow = follow;
    this.page = send(request, (response) => {
      this.#response = response;
      this.#goOn();
    });
    // Whoever claims it learns of a failure; if nobody does, it was asked for in vain.
    this.page.catch(() => {});
  }

  /** The page is wanted: what follows it may be asked for, once its response has come. */
  claim(next: Next | undefined): Promise<Page> {
    this.#next = next;
    this.#goOn();
    return this.page;
  }

  #goOn(): void {
    if (this.#response !== undefined && this.#next !== undefined) this.#follow(this.#next(this.#response));
  }
}

/**
 * Asks for the page after the one at hand as soon as the headers of that one have told its request, while its body is
 * still being read by a worker. One page is ahead, at most. A response that came to nothing and is asked for again takes
 * what was ahead of it along.
 */
export class Lookahead<Page> {
  readonly #send: (request: ApiRequest, arrived: (response: ApiResponse) => void) => Promise<Page>;
  #ahead: Flight<Page> | undefined;

  /** `send` tells of each response before anybody has read it. */
  constructor(send: (request: ApiRequest, arrived: (response: ApiResponse) => void) => Promise<Page>) {
    this.#send = send;
  }

  fetch(request: ApiRequest, next: Next | undefined): Promise<Page> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const flight = ahead !== undefined && isSame(ahead.request, request) ? ahead : this.#start(request);
    return flight.claim(next);
  }

  #start(request: ApiRequest): Flight<Page> {
    return new Flight(request, this.#send, (next) => {
      this.#ahead = next === undefined ? undefined : this.#start(next);
    });
  }
}

const isSame = (a: ApiRequest, b: ApiRequest): boolean =>
  a.url === b.url && a.method === b.method && a.body === b.body;
