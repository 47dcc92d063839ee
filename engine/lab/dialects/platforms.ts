import type { LimitState } from '../meter.ts';
import {
  type Dialect,
  type Facts,
  firstOverTime,
  type Headers,
  isDaily,
  left,
  limitOver,
  type RefusalText,
  seconds,
  usedUp,
} from './dialect.ts';

const hubspotHeaders = ({ limits }: Facts): Headers => {
  const day = limitOver(limits, true);
  const interval = limitOver(limits, false);
  return {
    ...(day && {
      'X-HubSpot-RateLimit-Daily': String(day.capacity),
      'X-HubSpot-RateLimit-Daily-Remaining': String(left(day)),
    }),
    ...(interval && {
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(Math.ceil(interval.windowMs)),
      'X-HubSpot-RateLimit-Max': String(interval.capacity),
      'X-HubSpot-RateLimit-Remaining': String(left(interval)),
    }),
  };
};

function hubspotPolicy(by: LimitState): string {
  if (isDaily(by)) return 'DAILY';
  return by.windowMs > 1000 ? 'TEN_SECONDLY_ROLLING' : 'SECONDLY';
}

/** HubSpot: the day and the ten seconds in headers, and the name of the policy in the refusal. */
export const hubspot: Dialect = {
  headers: hubspotHeaders,
  refuse(refused) {
    const policyName = hubspotPolicy(refused.by);
    return {
      status: 429,
      headers: hubspotHeaders(refused),
      body: {
        status: 'error',
        message: `You have reached your ${policyName.toLowerCase()} limit.`,
        errorType: 'RATE_LIMIT',
        correlationId: '00000000-0000-4000-8000-000000000000',
        policyName,
      },
    };
  },
};

const salesforceHeaders = ({ limits }: Facts): Headers => {
  const day = firstOverTime(limits);
  return day === undefined
    ? {}
    : { 'Sforce-Limit-Info': `api-usage=${Math.min(usedUp(day), day.capacity)}/${day.capacity}` };
};

/** Custom fields only, since a description in the lab need not have all of the others. */
function salesforceUnknown(
  asked: readonly string[],
  described: ReadonlySet<string>,
): RefusalText | undefined {
  const unknown = asked.find((name) => /^\w+__c$/.test(name) && !described.has(name));
  if (unknown === undefined) return undefined;
  const message = `\nSELECT ${asked.join(',')}\n ^\nERROR at Row:1:Column:8\nNo such column '${unknown}' on this entity. Custom fields end with '__c'.`;
  return { status: 400, body: [{ message, errorCode: 'INVALID_FIELD' }] };
}

/** Salesforce: used/limit in a parameter, and 403 where others say 429. */
export const salesforce: Dialect = {
  headers: salesforceHeaders,
  unknownField: salesforceUnknown,
  refuse: (refused) => ({
    status: 403,
    headers: salesforceHeaders(refused),
    body: [
      {
        message:
          refused.by.kind === 'concurrency'
            ? 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'
            : 'TotalRequests Limit exceeded.',
        errorCode: 'REQUEST_LIMIT_EXCEEDED',
      },
    ],
  }),
  poll: {
    path: '/limits',
    body({ limits }) {
      const day = firstOverTime(limits);
      return day === undefined ? {} : { DailyApiRequests: { Max: day.capacity, Remaining: left(day) } };
    },
  },
};

function stripeReason({ kind, narrow, keyed }: LimitState): string {
  if (keyed) return 'resource-specific';
  return `${narrow ? 'endpoint' : 'global'}-${kind === 'concurrency' ? 'concurrency' : 'rate'}`;
}

/** Stripe: the reason of a refusal in a header; a locked object is a 429, too, and no matter of rates. */
export const stripe: Dialect = {
  refuse: ({ by }) => ({
    status: 429,
    headers: { 'Stripe-Rate-Limited-Reason': stripeReason(by) },
    body: {
      error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' },
    },
  }),
  locked: {
    status: 429,
    body: {
      error: {
        type: 'invalid_request_error',
        code: 'lock_timeout',
        message: 'This object cannot be accessed right now because another request is accessing it.',
      },
    },
  },
};

/** The limit of the whole account speaks in the plain headers, the limits of endpoints in one of their own each. */
function zendeskHeaders({ limits }: Facts): Headers {
  const counted = limits.filter(({ kind }) => kind !== 'concurrency');
  const account = counted.find(({ narrow, keyed }) => !narrow && !keyed);
  const own = counted.filter((limit) => limit !== account);
  return {
    ...(account && {
      'X-Rate-Limit': String(account.capacity),
      'X-Rate-Limit-Remaining': String(left(account)),
      'ratelimit-limit': String(account.capacity),
      'ratelimit-remaining': String(left(account)),
      'ratelimit-reset': seconds(account.resetMs),
    }),
    ...Object.fromEntries(
      own.map((limit) => [
        `zendesk-ratelimit-${limit.id.toLowerCase().replaceAll('_', '-')}`,
        `total=${limit.capacity}; remaining=${left(limit)}; resets=${seconds(limit.resetMs)}`,
      ]),
    ),
  };
}

/** Zendesk: plain headers and parameter lists. */
export const zendesk: Dialect = {
  headers: zendeskHeaders,
  refuse: (refused) => ({
    status: 429,
    headers: { ...zendeskHeaders(refused), 'Retry-After': seconds(refused.waitMs) },
    body: {
      error: 'APIRateLimitExceeded',
      description: 'Number of allowed API requests per minute exceeded',
    },
  }),
};

const githubPrimaryMs = 3_600_000;

/** The limit of an hour or longer; the others are secondary. */
const githubPrimary = (limits: readonly LimitState[]): LimitState | undefined =>
  limits.find(({ kind, windowMs }) => kind !== 'concurrency' && windowMs >= githubPrimaryMs);

function githubHeaders({ limits, nowMs }: Facts): Headers {
  const limit = githubPrimary(limits);
  if (limit === undefined) return {};
  return {
    'x-ratelimit-limit': String(limit.capacity),
    'x-ratelimit-remaining': String(left(limit)),
    'x-ratelimit-used': String(Math.min(usedUp(limit), limit.capacity)),
    'x-ratelimit-reset': String(Math.ceil((nowMs + limit.resetMs) / 1000)),
    'x-ratelimit-resource': 'core',
  };
}

/** GitHub: a reset in epoch seconds; 403 for both kinds of limits, and only the message tells a secondary one. */
export const github: Dialect = {
  headers: githubHeaders,
  refuse(refused) {
    const secondary = refused.by.windowMs < githubPrimaryMs;
    return {
      status: 403,
      headers: {
        ...githubHeaders(refused),
        ...(secondary && { 'retry-after': seconds(refused.waitMs) }),
      },
      body: {
        message: secondary
          ? 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
          : 'API rate limit exceeded for user ID 1.',
        documentation_url: 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api',
      },
    };
  },
  poll: {
    path: '/rate_limit',
    body({ limits, nowMs }) {
      const limit = githubPrimary(limits);
      if (limit === undefined) return { resources: {} };
      const core = {
        limit: limit.capacity,
        used: Math.min(usedUp(limit), limit.capacity),
        remaining: left(limit),
        reset: Math.ceil((nowMs + limit.resetMs) / 1000),
      };
      return { resources: { core }, rate: core };
    },
  },
};

function googleReason(by: LimitState): string {
  if (isDaily(by)) return 'dailyLimitExceeded';
  return by.keyed ? 'userRateLimitExceeded' : 'rateLimitExceeded';
}

/** Google: 403 with a reason, and no word about limits before. */
export const google: Dialect = {
  refuse({ by }) {
    const reason = googleReason(by);
    const message = reason === 'dailyLimitExceeded' ? 'Daily Limit Exceeded' : 'Rate Limit Exceeded';
    return {
      status: 403,
      body: { error: { errors: [{ domain: 'usageLimits', reason, message }], code: 403, message } },
    };
  },
};
