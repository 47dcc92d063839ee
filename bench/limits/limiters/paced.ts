import type { ApiRequest, ApiResponse } from '../../../engine/model/batch.ts';
import type { HttpClient } from '../../../engine/model/ports.ts';
import type { WorkerOptions } from '../messages.ts';

/** The request that is sent again and again, and the HTTP client that every limiter is given. */
export interface Client {
  readonly request: ApiRequest;
  readonly http: HttpClient;
  /** Sends it once. */
  once(): Promise<ApiResponse>;
}

/** A client behind a limiter, as it is compared. */
export interface Paced {
  /** Sends the request when the limiter lets it, and waits for its reply. */
  send(): Promise<void>;
  /** Permits that came too late to be used. */
  late?(): number;
  /** What others use of the limit, where it knows. */
  drift?(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** Makes a limiter ready in a worker. */
export type MakePaced = (options: WorkerOptions, client: Client) => Promise<Paced>;
