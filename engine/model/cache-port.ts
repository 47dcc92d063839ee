/** Replies that may be used again, among all processes that share the store. A store that does not answer has none. */
export interface ResponseCache {
  /** A `group` has its own keys. */
  find(group: string, key: string): Promise<CachedResponse | undefined>;
  /** The group is bounded in bytes: its oldest replies are dropped. */
  keep(group: string, key: string, response: CachedResponse, bound: CacheBound): Promise<void>;
  /** Drops all replies of a group. @throws TransientError when the store does not answer. */
  drop(group: string): Promise<void>;
  /** How often the store did not answer. */
  unanswered(): number;
  close(): Promise<void>;
}

export interface CachedResponse {
  readonly status: number;
  readonly headers: { readonly [header: string]: string };
  readonly body: Uint8Array;
  /** Epoch milliseconds of when it was answered or last confirmed. */
  readonly atMs: number;
}

export interface CacheBound {
  /** How long the reply is of use: fresh first, and then only to be revalidated. */
  readonly keepMs: number;
  readonly bytesMax: number;
}

/** The group of the replies of a kind: `pages:orders`, `lookup:customer`. `scope` is project and environment. */
export const cacheGroup = (scope: readonly string[], source: string, account: string, kind: string): string =>
  [...scope, source, account, kind].join(':');
