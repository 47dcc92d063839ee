import type * as config from '../model/config.ts';
import { parseRate } from '../model/units.ts';
import { Refusal } from './answer.ts';

// Rounding of floating point may not refuse a request that comes exactly on time.
const toleranceRequests = 1e-9;

/**
 * A leaky bucket as a meter: every request adds one, the level sinks at the declared rate, and what would rise above
 * the burst is refused and adds nothing.
 */
class Bucket {
  private level = 0;
  private measuredMs = Number.NEGATIVE_INFINITY;
  private readonly requestsPerMs: number;
  private readonly burst: number;

  constructor(declared: config.Bucket) {
    const { requests, perMs } = parseRate(declared.rate);
    this.requestsPerMs = requests / perMs;
    this.burst = declared.burst ?? 1;
  }

  /** Milliseconds until one more request fits; 0 when it fits now. */
  waitMs(nowMs: number): number {
    this.level = Math.max(0, this.level - (nowMs - this.measuredMs) * this.requestsPerMs);
    this.measuredMs = nowMs;
    const over = this.level + 1 - this.burst;
    return over <= toleranceRequests ? 0 : over / this.requestsPerMs;
  }

  add(): void {
    this.level += 1;
  }
}

interface Bound {
  readonly limit: config.Limit;
  readonly path: RegExp;
  readonly bucket: Bucket;
}

/** Counts one request to `path` (below the base URL). @throws Refusal 429 */
export type Meter = (path: string, nowMs: number) => void;

const globPattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');

function refusal(domain: string, bound: Bound, waitMs: number): Refusal {
  const { id, bucket } = bound.limit;
  const message = `Limit ${id} of ${domain} is exceeded: ${bucket.rate}, ${bucket.burst ?? 1} at once.`;
  return new Refusal(429, 'rate_limited', message, { 'Retry-After': String(Math.ceil(waitMs / 1000)) });
}

function meterOf(domain: string, bounds: readonly Bound[]): Meter {
  return (path, nowMs) => {
    const matching = bounds.filter((bound) => bound.path.test(path));
    const waits = matching.map((bound) => bound.bucket.waitMs(nowMs));
    const longest = Math.max(0, ...waits);
    const by = matching[waits.indexOf(longest)];
    if (by !== undefined && longest > 0) throw refusal(domain, by, longest);
    for (const bound of matching) bound.bucket.add();
  };
}

/**
 * Meters of sources, in their order. Sources of one domain fill the same bucket where they declare the same limit.
 * Rate and burst count exactly as declared; `headroom` is the client's affair.
 */
export function metersOf(sources: readonly config.Source[]): readonly Meter[] {
  const buckets = new Map<string, Bucket>();
  const boundOf = (domain: string, limit: config.Limit): Bound => {
    const key = JSON.stringify([domain, limit.id, limit.bucket.rate, limit.bucket.burst]);
    const bucket = buckets.get(key) ?? new Bucket(limit.bucket);
    buckets.set(key, bucket);
    return { limit, bucket, path: globPattern(limit.when?.path ?? '*') };
  };
  return sources.map(({ name, budget }) => {
    const domain = budget?.domain ?? name;
    return meterOf(
      domain,
      (budget?.limits ?? []).map((limit) => boundOf(domain, limit)),
    );
  });
}
