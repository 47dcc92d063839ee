import { atAccount, defaultAccount } from '../../model/accounts.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { StreamFreshness } from '../../model/freshness.ts';
import type { RunReport } from '../../model/run-report.ts';
import type { SchedulePlan } from '../../model/schedule.ts';
import type { ServedStream, ServeReport } from '../../model/serve-report.ts';
import type { Health } from '../alerts/due.ts';
import { type Ended, isWell } from './serve.ts';

interface Counts {
  runs: number;
  failed: number;
  /** What was wrong with its last run; empty when nothing was. */
  wrong: readonly Diagnostic[];
  /** Why its last run was not begun. */
  held: readonly Diagnostic[];
  isKnown: boolean;
}

/** What runs have done since the start, stream by stream. */
export class Tally {
  readonly #streams = new Map<string, Counts>();
  #runs = 0;
  #failed = 0;
  #refused = 0;
  #catchUpMs: number | undefined;

  /** Counts these streams from now on, and no others. */
  keep(streams: readonly string[]): void {
    for (const stream of this.#streams.keys()) if (!streams.includes(stream)) this.#streams.delete(stream);
    for (const stream of streams)
      if (!this.#streams.has(stream))
        this.#streams.set(stream, { runs: 0, failed: 0, wrong: [], held: [], isKnown: false });
  }

  add(ended: Ended): void {
    const { streams, outcome } = ended;
    const counts = streams.flatMap(({ stream }) => this.#streams.get(stream) ?? []);
    if (outcome.kind === 'refusal') for (const one of counts) one.held = outcome.diagnostics;
    else if (outcome.kind === 'failure') this.#ran(true, streams, () => true, outcome.diagnostics);
    else if (outcome.report.status !== 'interrupted') this.#reported(ended, outcome.report);
  }

  #reported({ streams, outcome, startedMs, endedMs }: Ended, report: RunReport): void {
    const isFailed = report.status === 'failed';
    this.#refused += report.streams.reduce((sum, { refused }) => sum + refused, 0);
    this.#ran(isFailed, streams, (stream) => !isWell(outcome, stream), report.diagnostics);
    if (!isFailed && streams.some(({ isCatchingUp }) => isCatchingUp))
      this.#catchUpMs = Math.max(this.#catchUpMs ?? 0, endedMs - startedMs);
  }

  #ran(
    hasFailed: boolean,
    streams: Ended['streams'],
    isBad: (stream: string) => boolean,
    diagnostics: readonly Diagnostic[],
  ): void {
    this.#runs += 1;
    this.#failed += Number(hasFailed);
    for (const { stream } of streams) {
      const one = this.#streams.get(stream);
      if (one === undefined) continue;
      const isFailed = isBad(stream);
      one.runs += 1;
      one.failed += Number(isFailed);
      one.wrong = isFailed ? diagnostics.filter(({ severity }) => severity === 'error') : [];
      one.held = [];
      one.isKnown = true;
    }
  }

  /** How runs go, all streams together. Nobody knows before each of them was read, or one of them has failed. */
  health(): Health {
    const all = [...this.#streams.values()];
    const diagnostics = all.flatMap(({ wrong }) => wrong);
    if (diagnostics.length > 0) return { status: 'failed', diagnostics };
    return { status: all.every(({ isKnown }) => isKnown) ? 'succeeded' : 'interrupted', diagnostics };
  }

  /** What is not as it should be, in words. */
  troubles(): readonly string[] {
    return [...this.#streams].flatMap(([stream, { wrong, held }]) =>
      [...wrong, ...held].slice(0, 1).map(({ code, summary }) => `${stream}: ${code}: ${summary}`),
    );
  }

  report(
    schedules: readonly SchedulePlan[],
    freshness: readonly StreamFreshness[],
  ): Pick<ServeReport, 'runs' | 'failed' | 'refused' | 'catchUpMs' | 'streams'> {
    return {
      runs: this.#runs,
      failed: this.#failed,
      refused: this.#refused,
      ...(this.#catchUpMs !== undefined && { catchUpMs: this.#catchUpMs }),
      streams: [...this.#streams].map(([stream, { runs, failed, held }]): ServedStream => {
        const isIt = (one: { readonly stream: string; readonly account: string }): boolean =>
          atAccount(one.stream, one.account) === stream;
        const found = freshness.find(isIt);
        const schedule = schedules.find(isIt)?.schedule ?? '';
        const [name = '', account = defaultAccount] = stream.split('@');
        const why = held[0]?.summary;
        return {
          ...(found ?? { stream: name, account, isLate: false }),
          ...{ schedule, runs, failed, ...(why !== undefined && { held: why }) },
        };
      }),
    };
  }
}
