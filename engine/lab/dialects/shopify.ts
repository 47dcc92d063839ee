import type { LimitState } from '../meter.ts';
import { type Dialect, type Facts, firstOverTime, type Headers, left, usedUp } from './dialect.ts';

const usage = ({ limits }: Facts): Headers => {
  const limit = firstOverTime(limits);
  return limit === undefined
    ? {}
    : { 'X-Shopify-Shop-Api-Call-Limit': `${Math.min(usedUp(limit), limit.capacity)}/${limit.capacity}` };
};

/** The REST API of Shopify: a used/limit header, and `Retry-After` in decimal seconds. */
export const shopify: Dialect = {
  headers: usage,
  refuse: (refused) => ({
    status: 429,
    headers: { ...usage(refused), 'Retry-After': (Math.ceil(refused.waitMs / 100) / 10).toFixed(1) },
    body: {
      errors: `Exceeded ${refused.by.perSecond} calls per second for api client. Reduce request rates to resume uninterrupted service.`,
    },
  }),
};

const throttleStatus = (limit: LimitState) => ({
  maximumAvailable: limit.capacity,
  currentlyAvailable: left(limit),
  restoreRate: limit.perSecond,
});

/** The GraphQL API of Shopify: costs and what is left of them in the body, and refusals that are answered with 200. */
export const shopifyGraphql: Dialect = {
  slots({ limits }) {
    const limit = firstOverTime(limits);
    if (limit === undefined) return [];
    const at = 'extensions.cost';
    return [
      { path: `${at}.requestedQueryCost`, value: limit.cost },
      { path: `${at}.actualQueryCost`, value: limit.cost },
      ...Object.entries(throttleStatus(limit)).map(([key, value]) => ({
        path: `${at}.throttleStatus.${key}`,
        value,
      })),
    ];
  },
  refuse: ({ by }) => ({
    status: 200,
    body: {
      errors: [
        {
          message: 'Throttled',
          extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' },
        },
      ],
      extensions: {
        cost: { requestedQueryCost: by.cost, actualQueryCost: null, throttleStatus: throttleStatus(by) },
      },
    },
  }),
};
