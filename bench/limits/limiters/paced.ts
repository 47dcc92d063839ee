import type { ApiResponse } from '../../../engine/model/batch.ts';
import type { WorkerOptions } from '../messages.ts';

/** What a limiter is given: it sends one request, once. */
export type SendOnce = () => Promise<ApiResponse>;

/** A client with a limiter, as it is compared. */
export interface Paced {
  /** Sends a request when the limiter lets it, and waits for its reply. */
  send(once: SendOnce): Promise<void>;
  /** What others use of the limit, where it knows. */
  drift?(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** Makes a limiter ready in a worker. */
export type MakePaced = (options: WorkerOptions) => Promise<Paced>;
