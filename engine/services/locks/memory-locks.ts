import type { Locks } from '../../model/ports.ts';

/** Locks of this process alone; those who wait come in turn. */
export function memoryLocks(): Locks {
  const last = new Map<string, Promise<void>>();
  const neverLost = new AbortController().signal;
  return {
    exclusively: async (name, _ttlMs, work, signal) => {
      const before = last.get(name) ?? Promise.resolve();
      let release = (): void => {};
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const both = before.then(() => mine);
      last.set(name, both);
      try {
        await unlessAborted(before, signal);
        return await work(neverLost);
      } finally {
        release();
        if (last.get(name) === both) last.delete(name);
      }
    },
    close: async () => {},
  };
}

/** Rejects with the signal's reason when it is aborted first. */
function unlessAborted(awaited: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return awaited;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void awaited.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}
