import { atAccount, defaultAccount } from '../../model/accounts.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { ExplainedError, RefusedError } from '../../model/errors.ts';
import type { Clock } from '../../model/ports.ts';
import type { RunReport } from '../../model/run-report.ts';
import { declaredName } from '../../model/sweep.ts';
import type { Agenda, Due } from './agenda.ts';

/** Runs that go on at once; the others wait for one of them. */
const runsMax = 4;
/** How often freshness and heartbeats are looked after while nothing else happens. */
const watchMs = 15_000;

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'report'; readonly report: RunReport }
  /** It could not be begun, or it broke off before it could report. */
  | { readonly kind: 'failure'; readonly diagnostics: readonly Diagnostic[] }
  /** It must not be begun now: another run reads the stream, a quota is used up, or the structure was not applied. */
  | { readonly kind: 'refusal'; readonly diagnostics: readonly Diagnostic[] };

export interface Ended {
  readonly streams: readonly Due[];
  readonly outcome: Outcome;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** What runs, and who is told. */
export interface ServeServices {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly signal: AbortSignal;
  /** One run of these streams. @throws ExplainedError or RefusedError when there is none */
  perform(streams: readonly string[]): Promise<RunReport>;
  /** Keeps up to which moment a stream is dealt with. */
  handled(stream: string, momentMs: number): Promise<void>;
  /** Told of each run. */
  ended(ended: Ended): Promise<void>;
  /** Called now and then: what grows old while nothing happens is told of here. */
  watch(): Promise<void>;
}

/** Runs what is due until the signal, and then waits for the runs that go on. A run that fails is the next one's business. */
export async function serve(services: ServeServices): Promise<void> {
  const { clock, agenda, signal } = services;
  const running = new Set<Promise<void>>();
  let watching: Promise<void> | undefined;
  let watchAtMs = clock.now();
  while (!signal.aborted) {
    for (const group of agenda.due(clock.now(), runsMax - running.size)) {
      const run = performGroup(services, group).finally(() => running.delete(run));
      running.add(run);
    }
    if (clock.now() >= watchAtMs) {
      // Whoever is told may be slow to answer: runs do not wait for that.
      watching ??= services.watch().finally(() => {
        watching = undefined;
      });
      watchAtMs = clock.now() + watchMs;
    }
    const isFull = running.size >= runsMax;
    const wakeMs = Math.min(watchAtMs, isFull ? watchAtMs : (agenda.wakeAtMs() ?? watchAtMs));
    await woken(services, wakeMs - clock.now(), [...running, ...(watching === undefined ? [] : [watching])]);
  }
  await Promise.all([...running, watching]);
}

/** Sleeps, at most until a run ends or the signal comes. A bug in a run is thrown here. */
async function woken(
  { clock, signal }: ServeServices,
  ms: number,
  running: readonly Promise<void>[],
): Promise<void> {
  const awake = new AbortController();
  const either = AbortSignal.any([signal, awake.signal]);
  // What waits for a mapping of a run that goes on is looked at when that ends, not all the time.
  const sleep = clock.sleep(Math.max(1, ms), either).catch(() => {});
  try {
    await Promise.race([sleep, ...running]);
  } finally {
    awake.abort();
    await sleep;
  }
}

async function performGroup(services: ServeServices, streams: readonly Due[]): Promise<void> {
  const { clock, agenda } = services;
  const startedMs = clock.now();
  for (const { stream } of streams) agenda.begin(stream, startedMs);
  const outcome = await outcomeOf(services, streams);
  const endedMs = clock.now();
  for (const { stream } of streams) {
    const handledMs = agenda.end(stream, isWell(outcome, stream), endedMs);
    if (handledMs !== undefined) await services.handled(stream, handledMs);
  }
  await services.ended({ streams, outcome, startedMs, endedMs });
}

/**
 * Whether a stream was read and loaded. Of a run that has failed for one of its accounts the others are as they should be:
 * they are not read again before their time.
 */
export function isWell(outcome: Outcome, stream: string): boolean {
  if (outcome.kind !== 'report' || outcome.report.status === 'interrupted') return false;
  const { status, streams, tables } = outcome.report;
  if (status === 'succeeded') return true;
  const own = streams.filter((one) => declaredStream(one.stream) === stream);
  return own.length > 0 && [...own, ...tables].every((one) => one.status === 'succeeded');
}

/** `shop.orders@berlin` of what is read for it, such as `shop.orders~sweep@berlin`. */
function declaredStream(name: string): string {
  const [stream = '', account = defaultAccount] = name.split('@');
  return atAccount(declaredName(stream), account);
}

async function outcomeOf(services: ServeServices, streams: readonly Due[]): Promise<Outcome> {
  try {
    return { kind: 'report', report: await services.perform(streams.map(({ stream }) => stream)) };
  } catch (error) {
    if (error instanceof RefusedError) return { kind: 'refusal', diagnostics: error.diagnostics };
    if (error instanceof ExplainedError) return { kind: 'failure', diagnostics: [error.diagnostic] };
    throw error;
  }
}
