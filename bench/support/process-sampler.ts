import { existsSync } from 'node:fs';
import { cpuSeconds, processTree, proportionalBytes } from './process-tree.ts';

const everyMs = 100;

export interface Cost {
  /** Greatest proportional set size of all processes together. */
  readonly peakBytes: number;
  /** Processor time of all of them, less what passed after the last look. */
  readonly cpuSeconds: number;
}

/** Watches a process and its children until it is told to stop. */
export class ProcessSampler {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  /** By process, so that one that has ended still counts. */
  readonly #cpuSeconds = new Map<number, number>();
  #peakBytes = 0;

  constructor(root: number) {
    if (!existsSync('/proc/self/smaps_rollup')) {
      throw new Error('Memory is measured through /proc/PID/smaps_rollup, which only Linux has.');
    }
    this.#root = root;
    this.#timer = setInterval(() => this.#sample(), everyMs);
  }

  stop(): Cost {
    clearInterval(this.#timer);
    const cpu = [...this.#cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0);
    return { peakBytes: this.#peakBytes, cpuSeconds: cpu };
  }

  #sample(): void {
    let bytes = 0;
    for (const pid of processTree(this.#root)) {
      bytes += proportionalBytes(pid);
      this.#cpuSeconds.set(pid, Math.max(cpuSeconds(pid), this.#cpuSeconds.get(pid) ?? 0));
    }
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }
}
