import type * as config from '../model/config.ts';
import { knownPath } from '../model/path.ts';
import type { CachePlan, LookupPlan, TemplatePlan } from '../model/plan.ts';
import { parseDuration, parseSize } from '../model/units.ts';

const lookupTtl = '1h';

/** How long replies are used again. */
export const compileCache = ({ ttl, revalidate = true, maxBytes = '64MiB' }: config.Caching): CachePlan => ({
  ttlMs: parseDuration(ttl),
  revalidate,
  bytesMax: parseSize(maxBytes),
});

/** The replies that the records of a stream refer to. */
export const compileLookups = (lookups: config.Stream['lookups'] = {}): readonly LookupPlan[] =>
  Object.entries(lookups).map(([name, lookup]) => ({
    name,
    path: compileTemplate(lookup.path),
    query: Object.entries(lookup.query ?? {}).map(([parameter, value]) => ({
      parameter,
      value: compileTemplate(value),
    })),
    ...(lookup.take !== undefined && { take: knownPath(lookup.take) }),
    missing: lookup.missing ?? 'null',
    cache: compileCache(lookup.cache ?? { ttl: lookupTtl }),
  }));

/** `/items/{id}` is two texts around one path. */
function compileTemplate(text: string): TemplatePlan {
  const parts = text.split(/\{([^}]*)\}/);
  return {
    texts: parts.filter((_, at) => at % 2 === 0),
    paths: parts.filter((_, at) => at % 2 === 1).map((path) => knownPath(path)),
  };
}
