import { accountSource } from '../../model/accounts.ts';
import type { ApiRequest } from '../../model/batch.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint, ExplainedError } from '../../model/errors.ts';
import type { BoundLimit } from '../../model/ports.ts';
import { limitedRequest } from './bind.ts';
import { type Exchanged, exchange } from './exchange.ts';
import { askedMs, freeze, quotaMs, said, throttledMs } from './freeze.ts';
import { polledObservation } from './observe.ts';
import type { Sender } from './sender.ts';

/**
 * Asks the endpoints that tell of the limits of a request, where that is due. What they answer is settled like the
 * account of any reply. A poll that brings nothing is counted, and the stream goes on without it.
 */
export async function pollDue(sender: Sender, request: ApiRequest): Promise<void> {
  const { source, stream, services } = sender;
  if (source.budget.limits.every(({ observe }) => observe?.poll === undefined)) return;
  const { bind, polls } = services.channels.of(source);
  const bound = await bind(limitedRequest(request, source.baseUrl, stream));
  const now = (): number => services.clock.monotonicUs() / 1000;
  for (const [path, limits] of byPath(bound)) {
    const everyMs = Math.min(...limits.map(({ limit }) => limit.observe?.poll?.everyMs ?? Infinity));
    if (polls.isDue(path, now())) await polls.ask(path, everyMs, now, () => poll(sender, path, limits));
  }
}

/** One reply may tell of several limits. */
function byPath(bound: readonly BoundLimit[]): ReadonlyMap<string, readonly BoundLimit[]> {
  const paths = new Map<string, BoundLimit[]>();
  for (const one of bound) {
    const path = one.limit.observe?.poll?.path;
    if (path !== undefined) paths.set(path, [...(paths.get(path) ?? []), one]);
  }
  return paths;
}

async function poll(sender: Sender, path: string, limits: readonly BoundLimit[]): Promise<void> {
  const { source, meter, services } = sender;
  try {
    let told = 0;
    const exchanged = await exchange(sender, pollRequest(sender, path), (reply, nowMs) => {
      const observations = limits.flatMap((one) => polledObservation(one, reply, nowMs));
      told = observations.length;
      return observations;
    });
    const what = await failure(sender, exchanged, told);
    if (what === undefined) return;
    meter.pollsFailed += 1;
    meter.pollFailure = failed(accountSource(source), path, what);
  } catch (error) {
    if (services.signal.aborted || !(error instanceof ExplainedError)) throw error;
    meter.pollsFailed += 1;
    meter.pollFailure = failed(accountSource(source), path, error.diagnostic.summary);
  }
}

/** A path that begins with `//` is one of the origin. */
function pollRequest({ source }: Sender, path: string): ApiRequest {
  const url = path.startsWith('//')
    ? new URL(source.baseUrl).origin + path.slice(1)
    : source.baseUrl.replace(/\/$/, '') + path;
  return { method: 'GET', url, headers: source.headers };
}

/** Why an answer brought nothing. One that asks to stop is obeyed by all, like any other. */
async function failure(sender: Sender, exchanged: Exchanged, told: number): Promise<string | undefined> {
  const kind = exchanged.verdict.class;
  const nowMs = sender.services.clock.now();
  if (kind === 'ok')
    return told === 0 ? 'the reply holds none of the values that `observe` names' : undefined;
  if (kind === 'throttle') await freeze(sender, exchanged, kind, throttledMs(exchanged, nowMs));
  if (kind === 'quota') await freeze(sender, exchanged, kind, quotaMs(exchanged, nowMs));
  if (kind === 'ban') await freeze(sender, exchanged, kind, undefined);
  const asked = kind === 'overload' ? askedMs(exchanged, nowMs) : undefined;
  if (asked !== undefined) await freeze(sender, exchanged, 'overload', asked);
  return said(exchanged, sender.services.references.redact);
}

const failed = (source: string, path: string, what: string): Diagnostic => ({
  ...complaint(
    'ETL0425',
    `the quota of ${source} could not be asked for at ${path}: ${what}`,
    'Its limits were kept as they are declared. Check `observe.poll` of the limits.',
  ),
  severity: 'warning',
});
