import type { BoundLimit, FreezeOrder } from '../../model/ports.ts';
import { windowEndMs } from '../../model/windows.ts';
import type { Exchanged } from './exchange.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Sender } from './sender.ts';
import { apiNowMs, timeAt } from './times.ts';

const reasonMax = 300;

/** How long an answer asks to wait: where its rule looks first, then `Retry-After`. */
export function askedMs({ reply, verdict }: Exchanged, nowMs: number): number | undefined {
  const until = verdict.rule?.until;
  const told = until === undefined ? undefined : timeAt(reply, until, nowMs);
  return told ?? retryAfterMs(reply.header('retry-after'), apiNowMs(reply, nowMs));
}

/** How long to wait after a throttle; undefined when nothing says it. */
export const throttledMs = (exchanged: Exchanged, nowMs: number): number | undefined =>
  askedMs(exchanged, nowMs) ?? usedUpMs(exchanged) ?? exchanged.verdict.rule?.forMs;

/** How long until a quota is back: as after a throttle, or the end of the limit's window in the calendar. */
export function quotaMs(exchanged: Exchanged, nowMs: number): number | undefined {
  const limit = meant(exchanged)?.limit;
  return throttledMs(exchanged, nowMs) ?? (limit && windowEndMs(limit.shape, nowMs));
}

/** The reset of what the reply says is used up. */
function usedUpMs({ observations, verdict }: Exchanged): number | undefined {
  const limit = verdict.rule?.limit;
  const resets = observations
    .filter((one) => one.remaining === 0 && (limit === undefined || one.limit === limit))
    .flatMap(({ resetMs }) => resetMs ?? []);
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/** The limit that a rule names, as it bound the request. */
const meant = ({ verdict, bound }: Exchanged) => bound.find(({ limit }) => limit.id === verdict.rule?.limit);

/** Stops what a reply is about, for all processes. Resolves to how long that is. */
export async function freeze(
  { source, services }: Sender,
  exchanged: Exchanged,
  cause: FreezeOrder['cause'],
  ms: number | undefined,
): Promise<number> {
  const order = {
    cause,
    reason: said(exchanged, services.references.redact),
    ...(ms !== undefined && { ms }),
  };
  const scopes = scopesOf(exchanged, cause);
  if (scopes.length === 0) return services.limiter.freeze(source.budget, order);
  const frozen = scopes.map(({ limit: { id }, partition }) =>
    services.limiter.freeze(source.budget, { limit: { id, partition }, ...order }),
  );
  return Math.max(...(await Promise.all(frozen)));
}

/** Limits that are to stand still; none, where that is the whole budget. */
function scopesOf(exchanged: Exchanged, cause: FreezeOrder['cause']): readonly BoundLimit[] {
  if (cause === 'ban' || cause === 'forbidden') return [];
  const named = meant(exchanged);
  if (named !== undefined) return [named];
  return cause === 'overload' || exchanged.bound.some(bindsAll) ? [] : exchanged.bound;
}

/** Whether no request is beyond a limit: what exceeds it stops everybody. */
const bindsAll = ({ limit: { match, key } }: BoundLimit): boolean =>
  key.length === 0 && Object.keys(match).length === 0;

/** What the API said, on one line and without secrets. Those are looked for before anything is cut off. */
export function said({ reply }: Exchanged, redact: (text: string) => string): string {
  const text = redact(reply.text).replace(/\s+/g, ' ').trim();
  const shown = text.length > reasonMax ? `${text.slice(0, reasonMax)} …` : text;
  return `${reply.status} ${shown}`.trimEnd();
}
