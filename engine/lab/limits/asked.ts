import type { IncomingHttpHeaders } from 'node:http';

/** What limits look at of a request. */
export interface Asked {
  readonly method: string;
  /** Below the base URL. */
  readonly path: string;
  /** The stream that it is meant for; empty when it is none. */
  readonly stream: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}
