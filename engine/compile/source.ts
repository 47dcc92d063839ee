import type * as config from '../model/config.ts';
import type { AuthPlan, LimitPlan, SourcePlan } from '../model/plan.ts';
import { parseDuration, parsePercent, parseRate, parseSize } from '../model/units.ts';

/** Requests that leave evenly can arrive closer together: this much jitter must fit into the provider's burst. */
const jitterMs = 50;

/** A source as the run needs it, its limits with headroom taken off. */
export function compileSource(source: config.Source): SourcePlan {
  return {
    name: source.name,
    connector: 'http',
    baseUrl: source.baseUrl,
    auth: compileAuth(source.auth),
    headers: source.headers ?? {},
    timeoutMs: parseDuration(source.timeout ?? '30s'),
    maxResponseBytes: parseSize(source.maxResponseBytes ?? '64MiB'),
    attemptsMax: source.attempts ?? 5,
    budget: {
      domain: source.budget?.domain ?? source.name,
      limits: (source.budget?.limits ?? []).map((limit) =>
        compileLimit(limit, source.budget?.headroom ?? '5%'),
      ),
    },
  };
}

function compileAuth(auth: config.Auth | undefined): AuthPlan {
  switch (auth?.type) {
    case undefined:
    case 'none':
      return { type: 'none' };
    case 'api_key':
      return {
        type: 'api_key',
        value: auth.value ?? '',
        ...(auth.header !== undefined && { header: auth.header }),
        ...(auth.query !== undefined && { query: auth.query }),
      };
    case 'bearer':
      return { type: 'bearer', token: auth.token ?? '' };
    case 'basic':
      return { type: 'basic', username: auth.username ?? '', password: auth.password ?? '' };
  }
}

/**
 * Headroom is taken off the rate. Off the burst goes what can arrive within the jitter, and one: a client burst equal to
 * the provider's was measured to be refused now and then even on a quiet line.
 */
function compileLimit(limit: config.Limit, headroom: string): LimitPlan {
  const { requests, perMs } = parseRate(limit.bucket.rate);
  const perRequestMs = perMs / (requests * (1 - parsePercent(headroom)));
  const declared = limit.bucket.burst ?? 1;
  return {
    id: limit.id,
    declared: declared === 1 ? limit.bucket.rate : `${limit.bucket.rate}, burst ${declared}`,
    intervalUs: Math.ceil(perRequestMs * 1000),
    burst: Math.max(1, Math.floor(declared - jitterMs / perRequestMs) - 1),
    ...(limit.when && { path: limit.when.path }),
  };
}
