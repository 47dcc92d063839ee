import type * as config from '../model/config.ts';
import { parseDuration } from '../model/units.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { type Dialect, type Facts, type RefusalText, seconds } from './dialects/dialect.ts';
import type { LimitState } from './meter.ts';

/** What a provider without limits refuses by. */
const someLimit: LimitState = {
  id: 'requests',
  kind: 'bucket',
  narrow: false,
  keyed: false,
  capacity: 1,
  used: 1,
  remaining: 0,
  resetMs: 1000,
  windowMs: 1000,
  perSecond: 1,
  cost: 1,
};

function throttled(dialect: Dialect, facts: Facts, waitMs: number): RefusalText {
  const exhausted = (facts.limits.length === 0 ? [someLimit] : facts.limits).map((limit) => ({
    ...limit,
    used: limit.capacity,
    remaining: 0,
    resetMs: Math.max(limit.resetMs, waitMs),
  }));
  const by = exhausted[0] as LimitState;
  const message = `Limit ${by.id} is exceeded: a fault says so.`;
  return dialect.refuse({ nowMs: facts.nowMs, limits: exhausted, by, waitMs, message });
}

const said = (status: number, code: string, message: string): RefusalText => ({
  status,
  body: { error: { code, message } },
});

function textOf(fault: config.LabFault, dialect: Dialect, facts: Facts): RefusalText | undefined {
  switch (fault.kind) {
    case 'throttle':
      return throttled(dialect, facts, parseDuration(fault.retryAfter ?? '1s'));
    case 'unavailable':
      return said(503, 'unavailable', 'The service is unavailable.');
    case 'ban':
      return said(403, 'banned', 'Access is denied.');
    case 'lock':
      return dialect.locked ?? said(423, 'locked', 'Another request is working on this.');
    case 'revoke':
      return said(401, 'unauthorized', 'The access token was revoked.');
    default:
      return undefined;
  }
}

/** What a fault answers in place of the real answer; undefined for one that damages the real answer. */
export function replaced(fault: config.LabFault, dialect: Dialect, facts: Facts): Answer | undefined {
  const text = textOf(fault, dialect, facts);
  if (text === undefined) return undefined;
  const hint =
    fault.retryAfter === undefined || fault.kind === 'throttle'
      ? {}
      : { 'Retry-After': seconds(parseDuration(fault.retryAfter)) };
  return jsonAnswer(fault.status ?? text.status, text.body, { ...text.headers, ...hint });
}
