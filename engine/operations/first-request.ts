import type { LimitedRequest } from '../model/limit-match.ts';
import type { StreamPlan } from '../model/plan.ts';

/** The first request of a stream as limits see it; the later ones differ from it only in how they page. */
export const firstRequest = ({ name, account, path, query, headers }: StreamPlan): LimitedRequest => ({
  method: 'GET',
  path,
  query,
  headers: Object.fromEntries(
    Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]),
  ),
  stream: name,
  account,
});
