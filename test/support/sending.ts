import { Channels } from '../../engine/execute/extract/channels.ts';
import { type Credentials, staticCredentials } from '../../engine/execute/extract/credentials.ts';
import { type Meter, newMeter } from '../../engine/execute/extract/meter.ts';
import { send } from '../../engine/execute/extract/send.ts';
import type { Sender } from '../../engine/execute/extract/sender.ts';
import type { ApiRequest, ApiResponse } from '../../engine/model/batch.ts';
import type * as config from '../../engine/model/config.ts';
import { complaint, type ExplainedError, TransientError } from '../../engine/model/errors.ts';
import type { HttpClient, MetricLabels, References } from '../../engine/model/ports.ts';
import { FakeLimiter } from './fake-limiter.ts';
import { sourcePlan, streamPlan } from './plans.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What the API answers; `hang` is nothing until the request is given up. */
export type CannedReply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'reset'
  | 'hang';

export const request: ApiRequest = { method: 'GET', url: 'https://api.example/v1/orders?a=1', headers: {} };

/** An API that gives canned replies in turn, and 200 when there are none left. */
class Provider implements HttpClient {
  readonly sent: { readonly atMs: number; readonly request: ApiRequest }[] = [];
  readonly #replies: CannedReply[];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, replies: readonly CannedReply[]) {
    this.#clock = clock;
    this.#replies = [...replies];
  }

  async send(sent: ApiRequest, _options: unknown, signal?: AbortSignal): Promise<ApiResponse> {
    this.sent.push({ atMs: this.#clock.monotonicUs() / 1000, request: sent });
    const reply = this.#replies.shift() ?? { status: 200 };
    if (reply === 'reset') throw new TransientError(complaint('ETL0403', 'the connection was reset'));
    if (reply === 'hang')
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    return {
      status: reply.status,
      headers: reply.headers ?? {},
      body: Buffer.from(reply.body ?? ''),
      elapsedMs: 1,
    };
  }

  async close(): Promise<void> {}
}

const references: References = {
  resolve: (text) => text.replace('${env:KEY}', 'secret'),
  redact: (text) => text.replaceAll('secret', '***'),
  hide: () => {},
};

/** One source's part of a run: an API that gives these replies in turn, and everything around it. */
export class Run {
  readonly clock = new VirtualClock();
  readonly provider: Provider;
  readonly limiter = new FakeLimiter(this.clock);
  readonly counted: { readonly name: string; readonly labels: MetricLabels }[] = [];
  readonly stop = new AbortController();
  readonly channels: Channels;
  readonly meter: Meter = newMeter();
  readonly #source: Partial<config.Source>;

  constructor(
    replies: readonly CannedReply[],
    source: Partial<config.Source> = {},
    credentials?: Credentials,
  ) {
    this.provider = new Provider(this.clock, replies);
    this.#source = source;
    this.channels = new Channels(({ auth }) => credentials ?? staticCredentials(auth, references));
  }

  sender(): Sender {
    return {
      source: sourcePlan(this.#source),
      stream: streamPlan(),
      meter: this.meter,
      services: {
        clock: this.clock,
        http: this.provider,
        limiter: this.limiter,
        references,
        channels: this.channels,
        metrics: {
          add: (name, _value, labels) => this.counted.push({ name, labels }),
          record: () => undefined,
          set: () => undefined,
          close: async () => undefined,
        },
        random: () => 0.5,
        signal: this.stop.signal,
      },
    };
  }

  /** Sends a request to its end; resolves to what went wrong. */
  async send(one: ApiRequest = request): Promise<ExplainedError | undefined> {
    return send(this.sender(), one, async () => undefined).catch((thrown: ExplainedError) => thrown);
  }

  get waits(): readonly number[] {
    const { sent } = this.provider;
    return sent.slice(1).map(({ atMs }, at) => Math.round(atMs - (sent[at]?.atMs ?? 0)));
  }

  get orders() {
    return this.limiter.freezes.map(({ order }) => order);
  }
}
