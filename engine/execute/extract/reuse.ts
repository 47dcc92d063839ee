import type { ApiResponse } from '../../model/batch.ts';
import { cacheGroup } from '../../model/cache-port.ts';
import type {
  AuthPlan,
  CachePlan,
  LookupPlan,
  PrivacyPlan,
  SourcePlan,
  StreamPlan,
} from '../../model/plan.ts';
import type { Clock, Locks, References, ResponseCache } from '../../model/ports.ts';
import { withoutKey } from './authenticate.ts';
import type { CacheCounts, Caching } from './cached.ts';
import { lookupAnswers } from './lookups.ts';

/** Where replies are kept to be used again. */
export interface ReuseServices {
  readonly clock: Clock;
  readonly cache: ResponseCache;
  /** In this process alone: for replies with personal data, which are stored nowhere as they are received. */
  readonly ownCache: ResponseCache;
  readonly locks: Locks;
}

/** Of what stream replies are used again. */
export interface Reuse {
  readonly stream: StreamPlan;
  readonly source: SourcePlan;
  readonly services: ReuseServices;
  /** Project and environment: others that share the store have replies of their own. */
  readonly scope: readonly string[];
  readonly counts: CacheCounts;
}

/** How the pages of a stream are used again. */
export const pageCaching = (reuse: Reuse, plan: CachePlan, signal: AbortSignal): Caching =>
  caching(reuse, plan, signal, {
    name: `pages:${reuse.stream.name}`,
    keeps: [],
    isPrivate: reuse.stream.privacy.length > 0 || reuse.stream.subject !== undefined,
  });

/** How the replies to a lookup are used again, by all streams of the source that call it the same. */
export const lookupCaching = (reuse: Reuse, lookup: LookupPlan, signal: AbortSignal): Caching =>
  caching(reuse, lookup.cache, signal, {
    name: `lookup:${lookup.name}`,
    keeps: lookupAnswers,
    isPrivate: reuse.stream.privacy.some((rule) => reaches(rule, lookup.name)),
  });

function caching(
  { stream, source, services, scope, counts }: Reuse,
  plan: CachePlan,
  signal: AbortSignal,
  kind: { readonly name: string; readonly keeps: readonly number[]; readonly isPrivate: boolean },
): Caching {
  const owner = [...scope, source.budget.domain, source.name, stream.account];
  const { clock, locks } = services;
  const cache = kind.isPrivate ? services.ownCache : services.cache;
  const group = cacheGroup(scope, source.name, stream.account, kind.name);
  return { plan, cache, locks, clock, signal, counts, group, owner, keeps: kind.keeps };
}

/** Whether a rule of privacy can change something of a lookup. */
function reaches({ path }: PrivacyPlan, lookup: string): boolean {
  const [first, second] = path.segments;
  const isLookups = first !== undefined && ('any' in first || ('key' in first && first.key === '_lookup'));
  const isOne = second === undefined || 'any' in second || ('key' in second && second.key === lookup);
  return isLookups && isOne;
}

/** A reply without an API key that goes in the query: providers repeat it in bodies and links, and both are kept. */
export function cleaned(response: ApiResponse, auth: AuthPlan, references: References): ApiResponse {
  if (auth.type !== 'api_key' || auth.query === undefined) return response;
  const header = (value: string): string =>
    Buffer.from(withoutKey(Buffer.from(value), auth, references)).toString();
  const { zipped, ...rest } = response;
  const body = withoutKey(response.body, auth, references);
  return {
    ...rest,
    body,
    ...(body === response.body && zipped && { zipped }),
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, header(value)]),
    ),
  };
}
