import type { Progress, ProgressEvent } from '../model/ports.ts';
import { durationText } from '../model/units.ts';
import { count } from '../report/table.ts';

/** Between two lines about one stream where nobody watches live. */
const linesEveryMs = 5000;
const redrawEveryMs = 100;

type StreamEvent = Extract<ProgressEvent, { kind: 'stream' }>;

const streamText = (event: StreamEvent, elapsedMs: number): string => {
  const { stream, pages, received, waitingMs, boundBy } = event;
  const rate = elapsedMs > 0 ? Math.round((received * 1000) / elapsedMs) : 0;
  const waited =
    waitingMs >= 1000
      ? `, waited ${durationText(waitingMs)} for permits${boundBy === undefined ? '' : ` (${boundBy})`}`
      : '';
  return `${stream}: ${count(pages)} pages, ${count(received)} records, ${count(rate)}/s${waited}`;
};

/** Progress on a stream that is not a terminal: a plain line as each step ends, and now and then while it goes on. */
export class LineProgress implements Progress {
  readonly #out: NodeJS.WritableStream;
  readonly #started = new Map<string, number>();
  readonly #shown = new Map<string, number>();

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  update(event: ProgressEvent): void {
    if (event.kind === 'step') {
      if (event.state === 'started') this.#started.set(event.step, Date.now());
      const elapsed = Date.now() - (this.#started.get(event.step) ?? Date.now());
      this.#out.write(
        `${event.step}: ${event.state}${event.state === 'started' ? '' : ` (${durationText(elapsed)})`}\n`,
      );
      return;
    }
    const now = Date.now();
    if (now - (this.#shown.get(event.stream) ?? this.#begin(event.stream, now)) < linesEveryMs) return;
    this.#shown.set(event.stream, now);
    this.#out.write(`${streamText(event, now - (this.#started.get(`extract ${event.stream}`) ?? now))}\n`);
  }

  #begin(stream: string, now: number): number {
    this.#shown.set(stream, now);
    return now;
  }
}

/** Progress on a terminal: finished steps stay, what goes on is redrawn below them. */
export class LiveProgress implements Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #started = new Map<string, number>();
  readonly #running = new Map<string, string>();
  #drawn = 0;
  #drawnAt = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  update(event: ProgressEvent): void {
    const now = Date.now();
    if (event.kind === 'stream') {
      const step = `extract ${event.stream}`;
      this.#running.set(step, streamText(event, now - (this.#started.get(step) ?? now)));
      if (now - this.#drawnAt >= redrawEveryMs) this.#draw([]);
      return;
    }
    if (event.state === 'started') {
      this.#started.set(event.step, now);
      this.#running.set(event.step, event.step);
      this.#draw([]);
      return;
    }
    const elapsed = durationText(now - (this.#started.get(event.step) ?? now));
    const mark = { succeeded: '✓', failed: '✗', skipped: '–', interrupted: '–' }[event.state];
    const last = this.#running.get(event.step);
    const detail = last === undefined || last === event.step ? event.step : `extract ${last}`;
    this.#running.delete(event.step);
    this.#draw([
      `${mark} ${detail} (${event.state === 'skipped' || event.state === 'interrupted' ? event.state : elapsed})`,
    ]);
  }

  #draw(finished: readonly string[]): void {
    const width = this.#out.columns ?? 80;
    const cut = (line: string): string => (line.length < width ? line : `${line.slice(0, width - 2)}…`);
    const running = [...this.#running.values()].map((text) => cut(`… ${text}`));
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[J` : '';
    this.#out.write(up + [...finished.map(cut), ...running].map((line) => `${line}\n`).join(''));
    this.#drawn = running.length;
    this.#drawnAt = Date.now();
  }
}

/** The progress that suits where stderr goes. */
export const progressOn = (out: NodeJS.WriteStream): Progress =>
  out.isTTY === true ? new LiveProgress(out) : new LineProgress(out);

export const silentProgress: Progress = { update: () => {} };
