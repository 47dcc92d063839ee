import { defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { SourcePlan, TimeoutsPlan } from '../model/plan.ts';
import { parseDuration, parsePercent, parseSize } from '../model/units.ts';
import { compileAuth } from './auth.ts';
import { compileBudget } from './budget.ts';
import { compileResponses } from './reply.ts';

/** A source as the run needs it for an account, its limits with headroom taken off. */
export function compileSource(source: config.Source, account = defaultAccount): SourcePlan {
  return {
    name: source.name,
    ...(account !== defaultAccount && { account }),
    connector: 'http',
    baseUrl: source.baseUrl,
    auth: compileAuth(source.auth),
    headers: source.headers ?? {},
    timeouts: compileTimeouts(source),
    maxResponseBytes: parseSize(source.maxResponseBytes ?? '64MiB'),
    attemptsMax: source.attempts ?? 5,
    retryShare: parsePercent(source.retryBudget ?? '20%'),
    allowedOrigins: source.allowedOrigins ?? [],
    responses: compileResponses(source.responses),
    budget: compileBudget(source, account),
  };
}

function compileTimeouts({ timeout = '30s', timeouts = {} }: config.Source): TimeoutsPlan {
  return {
    connectMs: parseDuration(timeouts.connect ?? '10s'),
    headersMs: parseDuration(timeouts.headers ?? timeout),
    bodyMs: parseDuration(timeouts.body ?? timeout),
    totalMs: parseDuration(timeouts.total ?? '5m'),
  };
}
