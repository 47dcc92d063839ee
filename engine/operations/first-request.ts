import type { LimitedRequest } from '../model/limit-match.ts';
import type { StreamPlan } from '../model/plan.ts';
import { wholePlaceholder } from '../model/request-template.ts';

/** The first request of a stream as limits see it; the later ones differ from it only in how they page. */
export const firstRequest = ({ name, account, request }: StreamPlan): LimitedRequest => ({
  method: request.method,
  path: request.path,
  query: Object.fromEntries(
    Object.entries(request.query).filter(([, value]) => wholePlaceholder(value) === undefined),
  ),
  headers: Object.fromEntries(
    Object.entries(request.headers).map(([header, value]) => [header.toLowerCase(), value]),
  ),
  stream: name,
  account,
});
