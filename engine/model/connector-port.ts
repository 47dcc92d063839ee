import type { ApiRequest, ApiResponse, PageFacts, ParentBatch, ParentPlace } from './batch.ts';
import type { SourcePlan, StreamPlan } from './plan.ts';

/** Reads one kind of source. */
export interface Connector {
  /** Pages of one window of a stream, in order, pulled one at a time. */
  pages<Fetched extends FetchedPage>(
    stream: StreamPlan,
    source: SourcePlan,
    session: ConnectorSession<Fetched>,
  ): AsyncIterable<ConnectorPage<Fetched>>;
}

/** What a connector may use. */
export interface ConnectorSession<Fetched extends FetchedPage> {
  /** First normalised cursor value wanted; absent when everything is. */
  readonly from?: string;
  /** The time, as a canonical instant. */
  now(): string;
  /** Where to go on in a window that an earlier run left open. */
  readonly resume?: {
    readonly request: ApiRequest;
    readonly pages: number;
    /** The page is there no more: children of its parent are asked for anew. */
    readonly again?: true;
  };
  /** Rejects when the run is to end. */
  sleep(ms: number): Promise<void>;
  /** Parents behind a place, in batches: see `parent` of a stream. */
  parents(after: ParentPlace): AsyncIterable<ParentBatch>;
  /**
   * Sends with permits, authentication and retries, and hands the body to a mapping worker. `next` says the request after
   * this one where the headers of the response tell: it may be sent while the worker still reads the body.
   */
  fetch(request: ApiRequest, next?: (response: ApiResponse) => ApiRequest | undefined): Promise<Fetched>;
}

export interface FetchedPage {
  readonly response: ApiResponse;
  readonly facts: PageFacts;
}

export interface ConnectorPage<Fetched extends FetchedPage> {
  readonly request: ApiRequest;
  readonly fetched: Fetched;
  /** Position in the window, from 1. */
  readonly number: number;
  readonly next?: ApiRequest;
}
