import type { FreezeOrder, FreezeStatus, LimitStatus } from '../../../model/ports.ts';
import type { Answer, StoreStatus } from '../store.ts';

/** What the scripts answer: texts, since Redis would cut numbers. */
export type Reply = readonly unknown[];

const number = (text: unknown): number => (text === 'inf' ? Number.POSITIVE_INFINITY : Number(text));

export function answerOf(reply: Reply): Answer {
  const [kind, wait, boundBy, seen, , ...rest] = reply as readonly string[];
  const waitUs = number(wait);
  const processes = Number(seen);
  if (kind === 'grant') {
    const [id = '', slot, ...probes] = rest;
    const ticket = { id, slotUs: number(slot), probes };
    return { kind, waitUs, ticket, processes, ...(boundBy !== '' && { boundBy: boundBy as string }) };
  }
  const [why, cause, reason] = rest;
  return {
    kind: 'later',
    waitUs,
    why: why as 'limit',
    boundBy: boundBy as string,
    processes,
    ...(cause !== '' && { cause: cause as FreezeOrder['cause'], reason: reason as string }),
  };
}

export function statusOf([limits, freezes, waiting, processes]: Reply): StoreStatus {
  return {
    limits: (limits as readonly (readonly string[])[]).map(limitStatus),
    freezes: (freezes as readonly (readonly string[])[]).map(freezeStatus),
    waiting: (waiting as readonly [string, string][]).map(([member, boundBy]) => ({ member, boundBy })),
    processes: Number(processes),
  };
}

const limitStatus = ([id, partition, fill, next, factor, drift]: readonly string[]): LimitStatus => ({
  id: id as string,
  partition: partition as string,
  fill: number(fill),
  nextMs: number(next) / 1000,
  rateFactor: number(factor),
  ...(drift !== '' && { drift: number(drift) }),
});

function freezeStatus([scope = '', cause, reason, remaining]: readonly string[]): FreezeStatus {
  const [limit = '', partition] = scope.split(/ (.*)/s);
  const remainingUs = number(remaining);
  return {
    ...(limit !== '' && { limit }),
    ...(partition !== undefined && { partition }),
    cause: cause as FreezeOrder['cause'],
    reason: reason as string,
    ...(Number.isFinite(remainingUs) && { remainingMs: remainingUs / 1000 }),
  };
}
