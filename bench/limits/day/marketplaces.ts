import type * as config from '../../../engine/model/config.ts';

/** An API whose limits are as its documentation has them. */
export interface Marketplace {
  readonly name: string;
  readonly limits: readonly config.Limit[];
  /** Accounts that are read through it. */
  readonly accounts: readonly string[];
  /** Requests of one sync of one account: on average over the day. */
  readonly requestsMean: number;
  /** After so many refusals within a minute it answers 403 for a while, whoever asks. */
  readonly bans?: { readonly refusalsPerMinute: number; readonly minutes: number };
}

export const marketplaces: readonly Marketplace[] = [
  {
    name: 'shopify',
    limits: [
      {
        id: 'rest',
        bucket: { rate: '2/s', burst: 40 },
        observe: { header: 'x-limit-rest', match: '^(?<used>\\d+)/(?<limit>\\d+)$' },
      },
    ],
    accounts: ['default'],
    requestsMean: 600,
    bans: { refusalsPerMinute: 130, minutes: 2 },
  },
  {
    name: 'amazon',
    limits: [
      { id: 'pair', bucket: { rate: '0.0167/s', burst: 20 }, key: ['{account}'] },
      { id: 'app', bucket: { rate: '100/s', burst: 100 } },
    ],
    accounts: ['us', 'eu', 'jp'],
    requestsMean: 10,
  },
  {
    name: 'hubspot',
    limits: [
      { id: 'ten_seconds', sliding: { limit: 190, per: '10s' } },
      { id: 'day', fixed: { limit: 650_000, per: 'day', zone: 'America/New_York' } },
    ],
    accounts: ['default'],
    requestsMean: 300,
  },
  {
    name: 'ebay',
    limits: [{ id: 'day', fixed: { limit: 5000, per: 'day', zone: 'America/Los_Angeles' } }],
    accounts: ['default'],
    requestsMean: 40,
  },
  {
    name: 'etsy',
    limits: [
      { id: 'second', sliding: { limit: 10, per: '1s' } },
      { id: 'day', sliding: { limit: 10_000, per: '24h', buckets: 12 } },
    ],
    accounts: ['default'],
    requestsMean: 80,
  },
];

/** What a project says of it. */
export const sourceOf = ({ name, limits }: Marketplace): config.Source => ({
  kind: 'source',
  name,
  baseUrl: `https://${name}.example`,
  budget: { limits: [...limits] },
  streams: { orders: { request: { path: '/orders' }, primaryKey: ['id'] } },
});
