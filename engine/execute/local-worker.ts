import type { LookedUp, WorkerAnswer, WorkerSetup, WorkerTask } from './protocol.ts';
import { PageWorker } from './worker.ts';

/** Bytes of pages that are mapped on the main thread: to start another costs as much as they do. */
const bytesMax = 1024 * 1024;

/** Bytes of such a page: nothing else is done meanwhile. */
const pageBytesMax = 256 * 1024;

/** How much larger a kept page is than what is kept of it. */
const packedTimes = 10;

/** Of a file that is packed nobody knows how large it is. These are the first bytes of gzip and zip. */
const isPacked = ([first]: Uint8Array): boolean => first === 0x1f || first === 0x50;

/** What a `Worker` is to the pool: it is told of tasks, until it is ended. */
export interface TaskWorker {
  postMessage(message: WorkerTask | LookedUp, bytes?: ArrayBuffer[]): void;
  terminate(): Promise<unknown>;
}

/**
 * Maps the first small pages on the main thread, as a thread would: it gets copies, and gives copies.
 */
export class LocalWorker implements TaskWorker {
  readonly #worker: PageWorker;
  #bytesLeft = bytesMax;
  #isClosed = false;

  constructor(setup: WorkerSetup, receive: (answer: WorkerAnswer) => void) {
    this.#worker = new PageWorker(setup, (answer, bytes) =>
      receive(structuredClone(answer, { transfer: bytes })),
    );
  }

  /** Whether it maps a page, which is counted then. */
  takes({ body, kept }: Pick<WorkerTask, 'body' | 'kept'>): boolean {
    const bytes = body.byteLength * (kept ? packedTimes : 1);
    if (bytes > Math.min(pageBytesMax, this.#bytesLeft) || (!kept && isPacked(body))) return false;
    this.#bytesLeft -= bytes;
    return true;
  }

  /** What waits to be sent goes first. */
  postMessage(message: WorkerTask | LookedUp, bytes: ArrayBuffer[] = []): void {
    const given = structuredClone(message, { transfer: bytes });
    setImmediate(() => {
      if (!this.#isClosed) void this.#worker.perform(given);
    });
  }

  async terminate(): Promise<void> {
    this.#isClosed = true;
  }
}
