import { existsSync } from 'node:fs';
import { processTree, proportionalBytes } from './process-tree.ts';

const everyMs = 100;

/** Watches the memory of a process and its children; what is shared between them counts once. */
export class MemorySampler {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(root: number) {
    if (!existsSync('/proc/self/smaps_rollup')) {
      throw new Error('Memory is measured through /proc/PID/smaps_rollup, which only Linux has.');
    }
    this.#root = root;
    this.#timer = setInterval(() => this.#sample(), everyMs);
  }

  /** Ends the watch and gives the greatest sum seen, in bytes. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#peakBytes;
  }

  #sample(): void {
    const bytes = processTree(this.#root).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }
}
