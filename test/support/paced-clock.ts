import type { Clock } from '../../engine/model/ports.ts';

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

/**
 * A clock that jumps to the earliest sleeper while nothing is going on, and runs faster than the real one while something is:
 * real databases, threads and connections take real time.
 */
export class PacedClock implements Clock {
  readonly #speed: number;
  readonly #sleepers = new Set<Sleeper>();
  #baseMs: number;
  #anchorMs = performance.now();
  #working = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(startMs: number, speed: number) {
    this.#baseMs = startMs;
    this.#speed = speed;
  }

  now(): number {
    return Math.floor(this.#nowMs());
  }

  monotonicUs(): number {
    return Math.floor(this.#nowMs() * 1000);
  }

  /** Something real begins. */
  enter(): void {
    this.#anchor(this.#nowMs());
    this.#working += 1;
    this.#schedule();
  }

  leave(): void {
    this.#anchor(this.#nowMs());
    this.#working -= 1;
    this.#schedule();
  }

  /** Time passes while nobody is there. */
  pass(ms: number): void {
    this.#anchor(this.#nowMs() + ms);
    this.#schedule();
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
      const sleeper: Sleeper = { atMs: this.#nowMs() + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
      this.#schedule();
    });
  }

  #nowMs(): number {
    const passedMs = this.#working > 0 ? (performance.now() - this.#anchorMs) * this.#speed : 0;
    return this.#baseMs + passedMs;
  }

  #anchor(ms: number): void {
    this.#baseMs = ms;
    this.#anchorMs = performance.now();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const [next] = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs);
    if (next === undefined) return;
    const waitMs = this.#working > 0 ? Math.max(0, (next.atMs - this.#nowMs()) / this.#speed) : 1;
    this.#timer = setTimeout(() => this.#wake(next), waitMs);
  }

  #wake(next: Sleeper): void {
    if (this.#working === 0) this.#anchor(Math.max(this.#nowMs(), next.atMs));
    if (this.#nowMs() >= next.atMs && this.#sleepers.delete(next)) next.wake();
    this.#schedule();
  }
}
