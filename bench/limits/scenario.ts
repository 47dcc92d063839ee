import type { Figures } from '../support/results.ts';
import type { FleetOptions } from './fleet.ts';
import { bucket, perSecond, type Row } from './row.ts';

/** What a scenario measured. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly figures: Figures;
  /** What no column of the table has, for people. */
  readonly notes?: readonly string[];
}

export interface Scenario {
  readonly name: string;
  run(redisUrl: string): Promise<Outcome>;
}

/** The setting of most scenarios: four processes that want eight times what is permitted, against a bucket of 40. */
export const four = (redisUrl: string, name: string): FleetOptions => ({
  limiter: 'sluice',
  redisUrl,
  domain: `${name}-${process.pid}-${Date.now()}`,
  wanted: [200, 200, 200, 200],
  perSecond,
  budget: { headroom: '0%', limits: [bucket(40)] },
  provider: { limit: bucket(40) },
  warmUpMs: 2000,
  countedMs: 10_000,
});
