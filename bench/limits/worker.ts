import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { undiciHttpClient } from '../../engine/services/undici-http-client.ts';
import { monotonicUs } from '../support/monotonic.ts';
import type { Client, MakePaced, Paced } from './limiters/paced.ts';
import type {
  Begin,
  FromWorker,
  LimiterKind,
  Span,
  ToWorker,
  WorkerOptions,
  WorkerReport,
} from './messages.ts';

/** A process that wants to send steadily, with one limiter before its HTTP client. */

/** Only the one that is wanted is loaded: processes are to start quickly. */
const makers: { readonly [kind in LimiterKind]: () => Promise<MakePaced> } = {
  sluice: async () => (await import('./limiters/sluice.ts')).sluice,
  none: async () => (await import('./limiters/none.ts')).none,
  retry: async () => (await import('./limiters/retry.ts')).retry,
  bottleneck: async () => (await import('./limiters/bottleneck.ts')).bottleneck,
  rate_limiter_flexible: async () =>
    (await import('./limiters/rate-limiter-flexible.ts')).rateLimiterFlexible,
};

/** Requests that wait in a process; what is wanted beyond is dropped. */
const waitingMax = 64;
const failuresMax = 5000;
const tickMs = 2;
const driftEveryMs = 1000;
const httpOptions = {
  timeouts: { connectMs: 5000, headersMs: 10_000, bodyMs: 10_000, totalMs: 15_000 },
  maxResponseBytes: 1_000_000,
};

const options = JSON.parse(process.argv[2] ?? '') as WorkerOptions;
const { jitterMs = 0, stalls } = options;
let counted: Span = { fromUs: Number.POSITIVE_INFINITY, toUs: 0 };
let [asked, redisCalls, failed, waiting] = [0, 0, 0, 0];
let failure: string | undefined;
const failedUs: number[] = [];
let refusedUs: number | undefined;
const drift: { atUs: number; share: number }[] = [];

const counts = (atUs: number): boolean => atUs >= counted.fromUs && atUs < counted.toUs;
const tell = (message: FromWorker): void => void process.send?.(message);

/** Every command that any client of this process sends to Redis goes through here. */
function countRedisCalls(): void {
  const { sendCommand } = Redis.prototype;
  Redis.prototype.sendCommand = function (...args) {
    if (counts(monotonicUs())) redisCalls += 1;
    return sendCommand.apply(this, args);
  };
}

/** The engine's HTTP client, that stamps each request with its time and notes the first that is refused. */
function stampingClient(): Client {
  const plain = undiciHttpClient();
  const request = { method: 'GET', url: `${options.url}/orders`, headers: {} } as const;
  const http: Client['http'] = {
    async send(asked, limits, signal) {
      if (jitterMs > 0) await delay(Math.random() * jitterMs);
      const stamps = { 'x-worker': String(options.index), 'x-sent': String(monotonicUs()) };
      const reply = await plain.send({ ...asked, headers: { ...asked.headers, ...stamps } }, limits, signal);
      if (reply.status === 429) refusedUs ??= monotonicUs();
      return reply;
    },
    close: () => plain.close(),
  };
  return { request, http, once: () => http.send(request, httpOptions) };
}

async function one(paced: Paced): Promise<void> {
  waiting += 1;
  try {
    await paced.send();
  } catch (error) {
    failed += 1;
    failure ??= error instanceof Error ? error.message : String(error);
    if (failedUs.length < failuresMax) failedUs.push(monotonicUs());
  }
  waiting -= 1;
}

function want(paced: Paced, { wanted }: Begin): void {
  const everyUs = 1e6 / options.wantedPerSecond;
  let nextUs = wanted.fromUs;
  const timer = setInterval(() => {
    const nowUs = monotonicUs();
    if (nowUs >= wanted.toUs) clearInterval(timer);
    for (; nextUs <= Math.min(nowUs, wanted.toUs); nextUs += everyUs) {
      if (counts(nextUs)) asked += 1;
      if (waiting < waitingMax) void one(paced);
    }
  }, tickMs);
}

/** Blocks the event loop now and then, as a big JSON document or a collection of garbage does. */
function stall({ everyMs, ms }: NonNullable<WorkerOptions['stalls']>): void {
  const block = (): void => {
    const untilUs = monotonicUs() + ms * 1000;
    while (monotonicUs() < untilUs);
  };
  // Processes do not stop in step.
  setTimeout(() => setInterval(block, everyMs), (options.index * everyMs) / 4);
}

function watchDrift(paced: Paced): void {
  const { drift: look } = paced;
  if (options.index !== 0 || look === undefined) return;
  setInterval(() => {
    look().then(
      (share) => share !== undefined && drift.push({ atUs: monotonicUs(), share }),
      () => {},
    );
  }, driftEveryMs);
}

function report(paced: Paced): WorkerReport {
  return {
    kind: 'report',
    index: options.index,
    asked,
    redisCalls,
    late: paced.late?.() ?? 0,
    failed,
    failedUs,
    drift,
    ...(failure !== undefined && { failure }),
    ...(refusedUs !== undefined && { refusedUs }),
  };
}

countRedisCalls();
const make = await makers[options.limiter]();
const paced = await make(options, stampingClient());
process.on('message', (message: ToWorker) => {
  if (message.kind === 'begin') {
    ({ counted } = message);
    if (stalls !== undefined) stall(stalls);
    if (options.reacts) watchDrift(paced);
    want(paced, message);
  } else {
    // What it wants now is nobody's; what it knows is told before anything is closed.
    tell(report(paced));
    void paced.close().finally(() => process.exit());
  }
});
process.once('disconnect', () => process.exit());
tell({ kind: 'ready' });
