import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counter } from '../../engine/lab/limits/counter.ts';
import { shapeOf } from '../../engine/lab/limits/shape.ts';
import { monotonicUs } from '../support/monotonic.ts';
import type { Arrival, FromProvider, ProviderOptions, ToProvider } from './messages.ts';

/**
 * A strict provider, in a process of its own: the lab's count of a limit behind a small HTTP server that writes down every
 * arrival, has others use the limit, and refuses all when it is told to.
 */
const options = JSON.parse(process.argv[2] ?? '') as ProviderOptions;
const { latencyMs = 0, othersPerSecond = 0 } = options;
const shape = shapeOf(options.limit);
const counter: Counter = shape.counter({ share: 0 });
const arrivals: Arrival[] = [];
const refusesForS = 30;
let refusesAll = false;
let othersAtMs = performance.now();

const moment = (steadyMs: number) => ({ steadyMs, epochMs: performance.timeOrigin + steadyMs });

/** Whoever else uses the limit, evenly; what is refused to them they do not ask again. */
function others(nowMs: number): void {
  if (othersPerSecond === 0) return;
  for (; othersAtMs <= nowMs; othersAtMs += 1000 / othersPerSecond) {
    const at = moment(othersAtMs);
    if (counter.waitMs(at, 1) === 0) counter.add(at, 1);
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const atUs = monotonicUs();
  const at = moment(performance.now());
  others(at.steadyMs);
  const waitMs = refusesAll ? refusesForS * 1000 : counter.waitMs(at, 1);
  if (waitMs === 0) counter.add(at, 1);
  arrivals.push({
    worker: Number(request.headers['x-worker']),
    sentUs: Number(request.headers['x-sent']),
    atUs,
    refused: waitMs > 0,
  });
  const used = `${Math.ceil(counter.standing(at).used - 1e-9)}/${shape.capacity}`;
  const reply = (): void => {
    response.writeHead(waitMs === 0 ? 200 : 429, {
      'content-type': 'application/json',
      'x-limit': used,
      ...(waitMs > 0 && { 'retry-after': String(Math.ceil(waitMs / 1000)) }),
    });
    response.end('{}');
    if (waitMs === 0) counter.release?.();
  };
  if (latencyMs > 0) setTimeout(reply, latencyMs);
  else reply();
}

const server = createServer({ keepAliveTimeout: 120_000 }, answer);
const tell = (message: FromProvider): void => void process.send?.(message);
server.listen(0, '127.0.0.1', () => {
  tell({ kind: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

process.on('message', (message: ToProvider) => {
  if (message.kind === 'refuse') refusesAll = true;
  else tell({ kind: 'arrivals', arrivals });
});
process.once('disconnect', () => process.exit());
