import { type FSWatcher, watch } from 'node:fs';

/** Editors write a file in several steps: they are one change. */
const settleMs = 150;

/** What a run of ours writes, and what others keep for themselves. */
const isIgnored = (file: string): boolean =>
  /(^|[\\/])(\.etl|\.git|node_modules)([\\/]|$)/.test(file) || !/\.(ya?ml|hbs)$/.test(file);

/** Watches the files of a project from now on: a change while somebody is busy with the one before is not lost. */
export class FileWatch {
  readonly #watcher: FSWatcher;
  #timer: NodeJS.Timeout | undefined;
  #changed = false;
  #ended = false;
  #tell: () => void = () => {};

  constructor(folder: string, signal: AbortSignal) {
    this.#watcher = watch(folder, { recursive: true });
    this.#watcher.on('change', (_, file) => {
      if (typeof file === 'string' && !isIgnored(file)) this.#note();
    });
    this.#watcher.on('error', () => this.close());
    signal.addEventListener('abort', () => this.close(), { once: true });
  }

  /** Resolves when files have changed since it did last, and none has for a moment; with false when it is closed. */
  async next(): Promise<boolean> {
    if (!this.#changed && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    this.#changed = false;
    return !this.#ended;
  }

  close(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#watcher.close();
    this.#tell();
  }

  #note(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#changed = true;
      this.#tell();
    }, settleMs);
  }
}
