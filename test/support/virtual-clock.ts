import type { Clock } from '../../engine/model/ports.ts';

interface Sleeper {
  readonly atUs: number;
  wake(): void;
}

/**
 * A clock whose time passes only while everybody sleeps: once nothing else is to do, it jumps to the earliest sleeper.
 * `sleep` keeps whole microseconds, as the real one keeps milliseconds.
 */
export class VirtualClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #us: number;
  #scheduled = false;

  constructor(startMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#us = startMs * 1000;
  }

  now(): number {
    return Math.floor(this.#us / 1000);
  }

  monotonicUs(): number {
    return this.#us;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper: Sleeper = { atUs: this.#us + Math.max(0, ms) * 1000, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const [next] = [...this.#sleepers].sort((a, b) => a.atUs - b.atUs);
      if (next === undefined) return;
      this.#sleepers.delete(next);
      this.#us = Math.max(this.#us, next.atUs);
      next.wake();
      if (this.#sleepers.size > 0) this.#schedule();
    });
  }
}
