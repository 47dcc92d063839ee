import { defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { SourcePlan, TimeoutsPlan } from '../model/plan.ts';
import { kindOf } from '../model/source-kind.ts';
import { parseDuration, parsePercent, parseSize } from '../model/units.ts';
import { compileAuth } from './auth.ts';
import { compileBudget } from './budget.ts';
import { compileResponses } from './reply.ts';

/** A source as the run needs it for an account, its limits with headroom taken off. */
export function compileSource(source: config.Source, account = defaultAccount): SourcePlan {
  return {
    name: source.name,
    ...(account !== defaultAccount && { account }),
    connector: kindOf(source.connector),
    baseUrl: baseOf(source),
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

/** A folder is below the project's own, unless its path is absolute. */
function baseOf({ connector, baseUrl }: config.Source): string {
  if (connector !== 'files' || !/^\.{0,2}\//.test(baseUrl)) return baseUrl;
  const path = baseUrl.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path}` : `file://project/${path.replace(/^(\.\/)+/, '')}`;
}

function compileTimeouts({ timeout = '30s', timeouts = {} }: config.Source): TimeoutsPlan {
  return {
    connectMs: parseDuration(timeouts.connect ?? '10s'),
    headersMs: parseDuration(timeouts.headers ?? timeout),
    bodyMs: parseDuration(timeouts.body ?? timeout),
    totalMs: parseDuration(timeouts.total ?? '5m'),
  };
}
