import type { Progress, ProgressEvent, Waiting } from '../model/ports.ts';
import { durationText } from '../model/units.ts';
import { count } from '../report/table.ts';
import { LockWatch, WaitWatch, waitTexts } from './wait-watch.ts';

/** Between two lines about one stream where nobody watches live. */
const linesEveryMs = 5000;
const redrawEveryMs = 100;
/** How often waits are looked at while nothing else happens. */
const lookEveryMs = 1000;

type StreamEvent = Extract<ProgressEvent, { kind: 'stream' }>;
type StepEvent = Extract<ProgressEvent, { kind: 'step' }>;

export interface ProgressOptions {
  /** Who waits for a permit: see `Limiter`. */
  readonly waiting?: () => readonly Waiting[];
  readonly now?: () => number;
}

const streamText = (event: StreamEvent, elapsedMs: number): string => {
  const { stream, pages, received, waitingMs, boundBy } = event;
  const rate = elapsedMs > 0 ? Math.round((received * 1000) / elapsedMs) : 0;
  const waited =
    waitingMs >= 1000
      ? `, waited ${durationText(waitingMs)} for permits${boundBy === undefined ? '' : ` (${boundBy})`}`
      : '';
  return `${stream}: ${count(pages)} pages, ${count(received)} records, ${count(rate)}/s${waited}`;
};

/** Looks at who waits while steps go on, since a stream that waits has nothing else to tell. Keeps no process alive. */
class Lookout {
  readonly #look: () => void;
  readonly #running = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => void) {
    this.#look = look;
  }

  update({ step, state }: StepEvent): void {
    if (state === 'started') this.#running.add(step);
    else this.#running.delete(step);
    if (this.#running.size > 0) this.#timer ??= setInterval(this.#look, lookEveryMs).unref();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}

/** Progress on a stream that is not a terminal: a plain line as each step ends, and now and then while it goes on. */
export class LineProgress implements Progress {
  readonly #out: NodeJS.WritableStream;
  readonly #waiting: () => readonly Waiting[];
  readonly #now: () => number;
  readonly #watch = new WaitWatch();
  readonly #locks = new LockWatch();
  readonly #lookout = new Lookout(() => this.look());
  readonly #started = new Map<string, number>();
  readonly #shown = new Map<string, number>();

  constructor(out: NodeJS.WritableStream, { waiting = () => [], now = Date.now }: ProgressOptions = {}) {
    this.#out = out;
    this.#waiting = waiting;
    this.#now = now;
  }

  update(event: ProgressEvent): void {
    const now = this.#now();
    if (event.kind === 'step') this.#step(event, now);
    else if (event.kind === 'lock') this.#lines(this.#locks.due(event));
    else this.#stream(event, now);
  }

  /** Tells of long waits: a line when one passes ten seconds, and then one a minute. */
  look(): void {
    this.#lines(this.#watch.due(this.#waiting(), this.#now()));
  }

  #step(event: StepEvent, now: number): void {
    this.#lookout.update(event);
    if (event.state === 'started') this.#started.set(event.step, now);
    const elapsed = now - (this.#started.get(event.step) ?? now);
    const took = event.state === 'started' ? '' : ` (${durationText(elapsed)})`;
    this.#lines([`${event.step}: ${event.state}${took}`]);
  }

  #stream(event: StreamEvent, now: number): void {
    if (now - (this.#shown.get(event.stream) ?? this.#begin(event.stream, now)) < linesEveryMs) return;
    this.#shown.set(event.stream, now);
    this.#lines([streamText(event, now - (this.#started.get(`extract ${event.stream}`) ?? now))]);
  }

  #lines(lines: readonly string[]): void {
    for (const line of lines) this.#out.write(`${line}\n`);
  }

  #begin(stream: string, now: number): number {
    this.#shown.set(stream, now);
    return now;
  }
}

/** Progress on a terminal: finished steps stay, what goes on is redrawn below them, with who waits and why. */
export class LiveProgress implements Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #waiting: () => readonly Waiting[];
  readonly #now: () => number;
  readonly #lookout = new Lookout(() => this.look());
  readonly #started = new Map<string, number>();
  readonly #running = new Map<string, string>();
  readonly #locks = new LockWatch();
  #drawn = 0;
  #drawnAt = 0;

  constructor(out: NodeJS.WriteStream, { waiting = () => [], now = Date.now }: ProgressOptions = {}) {
    this.#out = out;
    this.#waiting = waiting;
    this.#now = now;
  }

  update(event: ProgressEvent): void {
    const now = this.#now();
    if (event.kind === 'step') this.#step(event, now);
    else if (event.kind === 'lock') this.#draw(this.#locks.due(event));
    else this.#stream(event, now);
  }

  /** Draws again what goes on, since waits grow longer. */
  look(): void {
    this.#draw([]);
  }

  #stream(event: StreamEvent, now: number): void {
    const step = `extract ${event.stream}`;
    this.#running.set(step, streamText(event, now - (this.#started.get(step) ?? now)));
    if (now - this.#drawnAt >= redrawEveryMs) this.#draw([]);
  }

  #step(event: StepEvent, now: number): void {
    this.#lookout.update(event);
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
    const waits = waitTexts(this.#waiting());
    const running = [...this.#running].flatMap(([step, text]) => {
      const wait = waits.get(step.replace(/^extract /, ''));
      // On a line of its own: why a stream waits is what must not be cut off.
      return [`… ${text}`, ...(wait === undefined ? [] : [`    ${wait}`])].map(cut);
    });
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[J` : '';
    this.#out.write(up + [...finished.map(cut), ...running].map((line) => `${line}\n`).join(''));
    this.#drawn = running.length;
    this.#drawnAt = this.#now();
  }
}

/** The progress that suits where stderr goes. */
export const progressOn = (out: NodeJS.WriteStream, options: ProgressOptions = {}): Progress =>
  out.isTTY === true ? new LiveProgress(out, options) : new LineProgress(out, options);

export const silentProgress: Progress = { update: () => {} };
