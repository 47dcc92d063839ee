import type { ProgressEvent, Waiting } from '../model/ports.ts';
import { durationText } from '../model/units.ts';
import { waitText } from '../report/waits-text.ts';

/** A wait is told where nobody watches live when it has passed this, and then again each `repeatMs`. */
const tellMs = 10_000;
const repeatMs = 60_000;

/** Who waits now, in one text for each stream: of several requests of a stream, the one that waits longest. */
export function waitTexts(waiting: readonly Waiting[]): ReadonlyMap<string, string> {
  return new Map([...longest(waiting)].map(([stream, wait]) => [stream, waitText(wait)]));
}

function longest(waiting: readonly Waiting[]): ReadonlyMap<string, Waiting> {
  const found = new Map<string, Waiting>();
  for (const one of waiting) {
    if ((one.sinceMs ?? 0) >= (found.get(one.stream)?.sinceMs ?? -1)) found.set(one.stream, one);
  }
  return found;
}

/** Finds the waits that are worth a line: long ones, and those that still go on a minute after the last line. */
export class WaitWatch {
  readonly #told = new Map<string, number>();

  /** Lines that are due at `nowMs`. */
  due(waiting: readonly Waiting[], nowMs: number): readonly string[] {
    const waits = longest(waiting);
    for (const [stream, atMs] of this.#told) {
      const wait = waits.get(stream);
      // Another wait of the stream has begun since.
      if (wait === undefined || nowMs - (wait.sinceMs ?? 0) > atMs) this.#told.delete(stream);
    }
    return [...waits].flatMap(([stream, wait]) => {
      const toldMs = this.#told.get(stream);
      const isDue = toldMs === undefined ? (wait.sinceMs ?? 0) >= tellMs : nowMs - toldMs >= repeatMs;
      if (!isDue) return [];
      this.#told.set(stream, nowMs);
      return [`${stream}: ${waitText(wait)}`];
    });
  }
}

/** Finds the waits for another run that are worth a line: one when they begin, and then one a minute. */
export class LockWatch {
  #toldMs: number | undefined;

  due({ holder, waitedMs }: Extract<ProgressEvent, { kind: 'lock' }>): readonly string[] {
    if (this.#toldMs !== undefined && waitedMs >= this.#toldMs && waitedMs - this.#toldMs < repeatMs)
      return [];
    this.#toldMs = waitedMs;
    const so = waitedMs < 1000 ? '' : `, for ${durationText(waitedMs)} so far`;
    return [`waiting to load: ${holder}${so}`];
  }
}
