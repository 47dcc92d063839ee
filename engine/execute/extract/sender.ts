import { accountStream } from '../../model/accounts.ts';
import type { SourcePlan, StreamPlan } from '../../model/plan.ts';
import type { Clock, HttpClient, Limiter, Metrics, References } from '../../model/ports.ts';
import type { Channels } from './channels.ts';
import type { Meter } from './meter.ts';

export interface SendServices {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly limiter: Limiter;
  readonly references: References;
  readonly channels: Channels;
  readonly metrics?: Metrics;
  /** Between 0 and 1; injected so that tests know how long a retry waits. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Who sends. */
export interface Sender {
  /** With its base URL resolved. */
  readonly source: SourcePlan;
  readonly stream: Pick<StreamPlan, 'source' | 'name' | 'account' | 'weight' | 'priority'>;
  readonly meter: Meter;
  readonly services: SendServices;
  /** Statuses that are replies to this request, not refusals: a lookup may find nothing. */
  readonly answers?: readonly number[];
}

/** `source.stream`, or `source.stream@account`. */
export const streamName = ({ stream }: Sender): string => accountStream(stream);

/** Whether a URL is at the source's own origin, where its credentials may go. */
export const isOwn = ({ source }: Sender, url: string): boolean =>
  new URL(url).origin === new URL(source.baseUrl).origin;
