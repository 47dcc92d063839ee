import type { LimitState } from '../meter.ts';
import { type Dialect, type Facts, type Headers, left, seconds } from './dialect.ts';

const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

function policy({ id, capacity, kind, windowMs }: LimitState): string {
  const unit = kind === 'concurrency' ? ';qu="concurrent-requests"' : `;w=${wholeSeconds(windowMs)}`;
  return `"${id}";q=${capacity}${unit}`;
}

function standing(limit: LimitState): string {
  const reset = limit.kind === 'concurrency' ? '' : `;t=${seconds(limit.resetMs)}`;
  return `"${limit.id}";r=${left(limit)}${reset}`;
}

function fields({ limits }: Facts): Headers {
  if (limits.length === 0) return {};
  return {
    'RateLimit-Policy': limits.map(policy).join(', '),
    RateLimit: limits.map(standing).join(', '),
  };
}

/** The IETF's RateLimit fields, draft 11: every limit is a policy of its own name. */
export const ietf: Dialect = {
  headers: fields,
  refuse: (refused) => ({
    status: 429,
    headers: {
      ...fields(refused),
      'Retry-After': seconds(refused.waitMs),
      'Content-Type': 'application/problem+json',
    },
    body: {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Request cannot be satisfied as assigned quota has been exceeded',
      'violated-policies': [refused.by.id],
    },
  }),
};

/** The limit of which the least is left stands for all. */
function scarcest(limits: readonly LimitState[]): LimitState | undefined {
  const counted = limits.filter(({ kind }) => kind !== 'concurrency');
  const part = ({ remaining, capacity }: LimitState): number => remaining / capacity;
  return counted.reduce<LimitState | undefined>(
    (least, limit) => (least === undefined || part(limit) < part(least) ? limit : least),
    undefined,
  );
}

function oldFields({ limits }: Facts): Headers {
  const limit = scarcest(limits);
  if (limit === undefined) return {};
  const counted = limits.filter(({ kind }) => kind !== 'concurrency');
  const policies = counted.map(({ capacity, windowMs }) => `${capacity};w=${wholeSeconds(windowMs)}`);
  return {
    'RateLimit-Limit': [limit.capacity, ...policies].join(', '),
    'RateLimit-Remaining': String(left(limit)),
    'RateLimit-Reset': seconds(limit.resetMs),
  };
}

/** The fields of the IETF's older drafts, which are still in use. */
export const ietfOld: Dialect = {
  headers: oldFields,
  refuse: (refused) => ({
    status: 429,
    headers: { ...oldFields(refused), 'Retry-After': seconds(refused.waitMs) },
    body: { error: { code: 'rate_limited', message: refused.message } },
  }),
};

/** No provider's own: nothing on a good answer, whole seconds on a refusal. */
export const plain: Dialect = {
  refuse: ({ waitMs, message }) => ({
    status: 429,
    headers: { 'Retry-After': seconds(waitMs) },
    body: { error: { code: 'rate_limited', message } },
  }),
};
