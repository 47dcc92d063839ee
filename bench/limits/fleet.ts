import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { monotonicUs } from '../support/monotonic.ts';
import type {
  Arrival,
  FromProvider,
  FromWorker,
  ProviderOptions,
  Span,
  ToProvider,
  ToWorker,
  WorkerOptions,
  WorkerReport,
} from './messages.ts';

export interface FleetOptions extends Omit<WorkerOptions, 'index' | 'url' | 'wantedPerSecond'> {
  /** Requests per second that each process wants. */
  readonly wanted: readonly number[];
  readonly provider: ProviderOptions;
  readonly warmUpMs: number;
  readonly countedMs: number;
  /** What happens to them meanwhile. */
  readonly during?: (fleet: Fleet) => Promise<void>;
}

/** Processes while they run. */
export interface Fleet {
  /** Waits until so much of the counted time has passed. */
  at(ms: number): Promise<void>;
  /** From now on the provider refuses everybody. */
  refuseAll(): void;
  /** SIGKILL of a worker. */
  killWorker(index: number): void;
}

export interface FleetRun {
  readonly arrivals: readonly Arrival[];
  readonly counted: Span;
  /** Of the workers that lived to the end. */
  readonly reports: readonly WorkerReport[];
}

const script = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
const startMs = 200;
const lastRepliesMs = 300;

/** What a process says next of a kind. @throws Error when it ends before */
function said<M extends { readonly kind: string }, K extends M['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<M, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`a process of the bench ended with ${code}`));
    child.once('exit', ended);
    child.on('message', (message: M) => {
      if (message.kind !== kind) return;
      child.off('exit', ended);
      resolve(message as Extract<M, { kind: K }>);
    });
  });
}

const start = (name: string, options: object): ChildProcess =>
  fork(script(name), [JSON.stringify(options)], { execArgv: ['--enable-source-maps'] });

/** Starts a provider and workers, lets them send for a while, and gathers what they saw. */
export async function runFleet(options: FleetOptions): Promise<FleetRun> {
  const { wanted, provider: provided, warmUpMs, countedMs, during, ...common } = options;
  const provider = start('provider', provided);
  const children = [provider];
  try {
    const { url } = await said<FromProvider, 'ready'>(provider, 'ready');
    const workers = wanted.map((wantedPerSecond, index) =>
      start('worker', { ...common, index, url, wantedPerSecond } satisfies WorkerOptions),
    );
    children.push(...workers);
    await Promise.all(workers.map((worker) => said<FromWorker, 'ready'>(worker, 'ready')));
    const counted = begin(workers, warmUpMs, countedMs);
    const sleepUntil = (us: number): Promise<void> => delay(Math.max(0, (us - monotonicUs()) / 1000));
    await during?.({
      at: (ms) => sleepUntil(counted.fromUs + ms * 1000),
      refuseAll: () => provider.send({ kind: 'refuse' } satisfies ToProvider),
      killWorker: (index) => workers[index]?.kill('SIGKILL'),
    });
    await sleepUntil(counted.toUs + lastRepliesMs * 1000);
    const reports = await Promise.all(workers.filter(({ connected }) => connected).map(finished));
    const told = said<FromProvider, 'arrivals'>(provider, 'arrivals');
    provider.send({ kind: 'finish' } satisfies ToProvider);
    return { arrivals: (await told).arrivals, counted, reports };
  } finally {
    await Promise.all(children.map(ended));
  }
}

function begin(workers: readonly ChildProcess[], warmUpMs: number, countedMs: number): Span {
  const wantedUs = monotonicUs() + startMs * 1000;
  const counted = { fromUs: wantedUs + warmUpMs * 1000, toUs: wantedUs + (warmUpMs + countedMs) * 1000 };
  const wanted = { fromUs: wantedUs, toUs: counted.toUs };
  for (const worker of workers) worker.send({ kind: 'begin', wanted, counted } satisfies ToWorker);
  return counted;
}

async function finished(worker: ChildProcess): Promise<WorkerReport> {
  const report = said<FromWorker, 'report'>(worker, 'report');
  worker.send({ kind: 'finish' } satisfies ToWorker);
  return report;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
