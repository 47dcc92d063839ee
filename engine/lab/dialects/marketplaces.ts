import { type Dialect, type Facts, isDaily, left, limitOver, seconds, usedUp } from './dialect.ts';

/** Amazon's Selling Partner API: the rate alone, and on a refusal nothing. */
export const amazon: Dialect = {
  headers({ limits }) {
    const limit = limits.find(({ kind }) => kind === 'bucket' || kind === 'spacing');
    return limit === undefined ? {} : { 'x-amzn-RateLimit-Limit': String(limit.perSecond) };
  },
  refuse: () => ({
    status: 429,
    body: {
      errors: [
        {
          code: 'QuotaExceeded',
          message: 'You exceeded your quota for the requested resource.',
          details: '',
        },
      ],
    },
  }),
};

const ebayRates = ({ limits, nowMs }: Facts) => ({
  rateLimits: [
    {
      apiContext: 'lab',
      apiName: 'Lab',
      apiVersion: 'v1',
      resources: limits
        .filter(({ kind }) => kind !== 'concurrency')
        .map((limit) => ({
          name: limit.id,
          rates: [
            {
              limit: limit.capacity,
              remaining: left(limit),
              count: usedUp(limit),
              reset: new Date(nowMs + limit.resetMs).toISOString(),
              timeWindow: Math.ceil(limit.windowMs / 1000),
            },
          ],
        })),
    },
  ],
});

/** eBay: nothing in headers, but an endpoint that says what is left. */
export const ebay: Dialect = {
  refuse: () => ({
    status: 429,
    body: {
      errors: [
        {
          errorId: 2001,
          domain: 'ACCESS',
          category: 'REQUEST',
          message: 'Too many requests.',
          longMessage: 'The request limit has been reached for the resource.',
        },
      ],
    },
  }),
  poll: { path: '/developer/analytics/v1_beta/rate_limit/', body: ebayRates },
};

/** Etsy: headers that are missing on a refusal, where only the wait is told. */
export const etsy: Dialect = {
  headers({ limits }) {
    const second = limitOver(limits, false);
    const day = limitOver(limits, true);
    return {
      ...(second && {
        'x-limit-per-second': String(second.capacity),
        'x-remaining-this-second': String(left(second)),
      }),
      ...(day && { 'x-limit-per-day': String(day.capacity), 'x-remaining-today': String(left(day)) }),
    };
  },
  refuse: ({ by, waitMs }) => ({
    status: 429,
    headers: { 'retry-after': seconds(waitMs) },
    body: { error: `You have exceeded your ${isDaily(by) ? 'daily' : 'per second'} rate limit.` },
  }),
};

/** When the next whole unit is back: a bucket drips, a window gives all back at its end. */
function replenishedMs({ limits, nowMs }: Facts): number {
  const limit = limits.find(({ kind }) => kind !== 'concurrency');
  if (limit === undefined || limit.used === 0) return nowMs;
  if (limit.kind === 'fixed' || limit.kind === 'sliding') return nowMs + limit.resetMs;
  const missing = 1 - (limit.remaining - left(limit));
  return nowMs + Math.min(limit.resetMs, (missing / limit.perSecond) * 1000);
}

const walmartHeaders: Dialect['headers'] = (facts) => {
  const limit = facts.limits.find(({ kind }) => kind !== 'concurrency');
  if (limit === undefined) return {};
  return {
    'X-Current-Token-Count': String(left(limit)),
    'X-Next-Replenishment-Time': String(Math.ceil(replenishedMs(facts))),
  };
};

/** Walmart: what is left, and the instant at which more comes. */
export const walmart: Dialect = {
  headers: walmartHeaders,
  refuse: (refused) => ({
    status: 429,
    headers: {
      'X-Current-Token-Count': String(left(refused.by)),
      'X-Next-Replenishment-Time': String(Math.ceil(refused.nowMs + refused.waitMs)),
    },
    body: {
      errors: [
        {
          code: 'REQUEST_THRESHOLD_VIOLATED',
          description: 'The allotted quota of requests is used up.',
          severity: 'ERROR',
          category: 'REQUEST',
        },
      ],
    },
  }),
};

/** Mercado Libre: no word about limits, and the text of a proxy on a refusal. */
export const mercadolibre: Dialect = {
  refuse: () => ({ status: 429, body: 'local_rate_limited' }),
};
