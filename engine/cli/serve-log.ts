import { atAccount } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Clock } from '../model/ports.ts';
import type { RunReport } from '../model/run-report.ts';
import type { SchedulePlan } from '../model/schedule.ts';
import { durationText } from '../model/units.ts';
import { type Ended, isWell } from '../operations/serve/serve.ts';
import { diagnosticText } from '../report/diagnostic-text.ts';
import { count } from '../report/table.ts';

export interface ServeLogOptions {
  readonly write: (text: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly isQuiet: boolean;
  readonly colored: boolean;
}

type Next = (stream: string) => number;

/** What `etl serve` says while it goes on: a line for each run, and each trouble once, when it begins and when it is over. */
export class ServeLog {
  readonly #options: ServeLogOptions;
  /** What is wrong with each stream, as it was said. */
  readonly #wrong = new Map<string, string>();
  #said = '';

  constructor(options: ServeLogOptions) {
    this.#options = options;
  }

  serving(schedules: readonly SchedulePlan[], next: Next): void {
    for (const { stream: full, account, schedule } of schedules) {
      const stream = atAccount(full, account);
      const isNow = next(stream) <= this.#options.clock.now();
      const when = isNow ? 'now, since moments were missed' : `next at ${timeText(next(stream))}`;
      if (schedule !== undefined) this.#line(`${stream}: ${schedule}, ${when}`);
    }
  }

  held(stream: string, reasons: readonly Diagnostic[]): void {
    this.#trouble(stream, reasons, `${stream} is not read`);
  }

  ended(ended: Ended, next: Next): void {
    const { streams, outcome } = ended;
    const names = streams.map(({ stream }) => stream);
    const name = namesOf(names);
    if (outcome.kind === 'refusal')
      this.#trouble(name, outcome.diagnostics, `${name} was not read; ${againText(names, next)}`);
    else if (outcome.kind === 'failure')
      this.#trouble(name, outcome.diagnostics, `${name}: failed; ${againText(names, next)}`);
    else if (outcome.report.status === 'failed') this.#failed(ended, outcome.report, next);
    else if (outcome.report.status === 'interrupted')
      this.#line(`${name}: run ${outcome.report.run} was interrupted`);
    else this.#succeeded(ended, outcome.report);
  }

  /** The streams that were read and loaded all the same are not named. */
  #failed({ streams, outcome }: Ended, report: RunReport, next: Next): void {
    const all = streams.map(({ stream }) => stream);
    const bad = all.filter((stream) => !isWell(outcome, stream));
    const names = bad.length > 0 ? bad : all;
    const name = namesOf(names);
    this.#trouble(name, errorsOf(report), `${name}: run ${report.run} failed; ${againText(names, next)}`);
  }

  #succeeded({ streams, startedMs, endedMs }: Ended, report: RunReport): void {
    const names = streams.map(({ stream }) => stream);
    const name = namesOf(names);
    for (const wrong of [name, ...names])
      if (this.#wrong.delete(wrong)) this.#note(`${wrong}: as it should be again`);
    const caughtUp = streams.some(({ isCatchingUp }) => isCatchingUp) ? ', caught up' : '';
    const took = durationText(endedMs - startedMs);
    this.#line(`${name}: ${figures(report)} in ${took}${caughtUp} (${report.run})`);
  }

  /** What belongs to no stream; the same is said once in a row. */
  found(diagnostics: readonly Diagnostic[]): void {
    const text = diagnostics.map(({ code, summary }) => `${code}${summary}`).join('\n');
    if (text === this.#said) return;
    this.#said = text;
    for (const diagnostic of diagnostics) this.#diagnostic(diagnostic);
  }

  #trouble(name: string, diagnostics: readonly Diagnostic[], what: string): void {
    const codes = [...new Set(diagnostics.map(({ code }) => code))].sort().join();
    if (this.#wrong.get(name) === codes) return;
    this.#wrong.set(name, codes);
    for (const diagnostic of diagnostics) this.#diagnostic(diagnostic);
    this.#note(`${what}; not said again until it changes`);
  }

  #diagnostic(diagnostic: Diagnostic): void {
    this.#options.write(`${diagnosticText(diagnostic, this.#options.colored)}\n\n`);
  }

  #line(text: string): void {
    if (!this.#options.isQuiet) this.#note(text);
  }

  #note(text: string): void {
    this.#options.write(`${timeText(this.#options.clock.now())}  ${text}\n`);
  }
}

/** Streams that one line names. */
const namedMax = 5;

const namesOf = (streams: readonly string[]): string =>
  streams.length <= namedMax
    ? streams.join(', ')
    : `${streams.slice(0, namedMax - 1).join(', ')} and ${streams.length - namedMax + 1} more`;

const againText = (streams: readonly string[], next: Next): string =>
  `tried again at ${timeText(Math.min(...streams.map(next)))}`;

const errorsOf = ({ diagnostics }: RunReport): readonly Diagnostic[] =>
  diagnostics.filter(({ severity }) => severity === 'error');

function figures({ streams, tables }: RunReport): string {
  const received = streams.reduce((sum, one) => sum + one.received, 0);
  const written = tables.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0);
  return `${count(received)} ${received === 1 ? 'record' : 'records'} received, ${count(written)} ${written === 1 ? 'row' : 'rows'} written`;
}

/** Seconds are enough for people, and what sorts is easier to search. */
const timeText = (ms: number): string =>
  Number.isFinite(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z` : 'no time';
