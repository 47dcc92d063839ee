import { accountSource } from '../../model/accounts.ts';
import type { ApiRequest } from '../../model/batch.ts';
import type { BoundLimit, Observation, Permit, Settlement } from '../../model/ports.ts';
import { withoutCredentials } from './authenticate.ts';
import { limitedRequest } from './bind.ts';
import { classify, type Verdict } from './classify.ts';
import { costsOf, observationsOf } from './observe.ts';
import { Reply } from './reply.ts';
import { isOwn, type Sender, streamName } from './sender.ts';

/** A request and its answer, with all that they mean. */
export interface Exchanged {
  readonly request: ApiRequest;
  readonly reply: Reply;
  readonly verdict: Verdict;
  /** The limits that bound the request. */
  readonly bound: readonly BoundLimit[];
  readonly observations: readonly Observation[];
  /** Of the credentials that it was sent with. */
  readonly generation: number;
}

/** What further a reply says of limits that did not bind its request. */
export type Told = (reply: Reply, nowMs: number) => readonly Observation[];

/**
 * Sends a request once, with a permit, and settles the permit whatever comes of it. The class of the answer is for the
 * caller to act upon.
 */
export async function exchange(sender: Sender, request: ApiRequest, told?: Told): Promise<Exchanged> {
  const { source, stream, services } = sender;
  const { limiter, http, signal } = services;
  const channel = services.channels.of(source);
  const isHere = http.holds?.(request) === true;
  const bound = isHere ? [] : await channel.bind(limitedRequest(request, source.baseUrl, stream));
  // A token is fetched before the permit is asked for: a permit is for now.
  await withCredentials(sender, request);
  const permit = await limiter.acquire(source.budget, permitRequest(sender, bound), signal);
  countPermit(sender, permit);
  let settlement: Settlement = { outcome: 'failed' };
  try {
    const { generation } = channel.credentials;
    const response = await http.send(await withCredentials(sender, request), source, signal);
    const reply = new Reply(response);
    const verdict = classify(source.responses, reply);
    const nowMs = services.clock.now();
    // Another origin has limits of its own.
    const own = isOwn(sender, request.url);
    const observations = own ? [...observationsOf(bound, reply, nowMs), ...(told?.(reply, nowMs) ?? [])] : [];
    const outcome = verdict.class === 'throttle' ? 'throttled' : 'answered';
    settlement = { outcome, costs: own ? costsOf(bound, reply) : {}, observations };
    countAnswer(sender, verdict, reply.status);
    return { request, reply, verdict, bound, observations, generation };
  } finally {
    limiter.settle(permit, settlement);
  }
}

const permitRequest = (sender: Sender, limits: readonly BoundLimit[]) => ({
  stream: streamName(sender),
  weight: sender.stream.weight,
  priority: sender.stream.priority,
  limits,
});

/** Elsewhere than at the source's own origin goes nothing that could be a secret. */
async function withCredentials(sender: Sender, request: ApiRequest): Promise<ApiRequest> {
  const { source, services } = sender;
  if (isOwn(sender, request.url))
    return services.channels.of(source).credentials.apply(request, services.signal);
  const accept = Object.entries(request.headers).filter(([name]) => name.toLowerCase() === 'accept');
  return { ...withoutCredentials(request, source.auth), headers: Object.fromEntries(accept) };
}

function countPermit({ meter }: Sender, { waitedMs, boundBy }: Permit): void {
  meter.waitedMs += waitedMs;
  if (boundBy !== undefined) meter.boundBy = boundBy;
  meter.requests += 1;
}

const refusing: ReadonlySet<string> = new Set(['throttle', 'quota', 'ban']);

function countAnswer({ source, meter, services }: Sender, { class: kind }: Verdict, status: number): void {
  meter.classes[kind] = (meter.classes[kind] ?? 0) + 1;
  if (status === 429 || status === 403 || refusing.has(kind)) meter.refused += 1;
  if (refusing.has(kind))
    services.metrics?.add('throttled', 1, {
      source: accountSource(source),
      class: kind,
      status: String(status),
    });
}
