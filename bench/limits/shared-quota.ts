import type * as config from '../../engine/model/config.ts';
import { rounded } from '../support/numbers.ts';
import type { FleetRun } from './fleet.ts';
import { bucket, perSecond, seen } from './row.ts';
import { four, type Scenario } from './scenario.ts';
import { countedOf, permittedOf, refusedOf } from './seen.ts';

const othersShare = 0.3;
const settlesWithinMs = 60_000;
const countedMs = 60_000;
const lookMs = 5000;
const throttledMax = 0.01;

const observed: config.Limit = {
  ...bucket(40),
  observe: { header: 'x-limit', match: '^(?<used>\\d+)/(?<limit>\\d+)$' },
};

/** Seconds after the start from which on no look of five seconds had more than one percent refused. */
function settledAfterS({ arrivals }: FleetRun): number {
  const startUs = arrivals[0]?.atUs ?? 0;
  const looks = new Map<number, { sent: number; refused: number }>();
  for (const { atUs, refused } of arrivals) {
    const look = Math.floor((atUs - startUs) / (lookMs * 1000));
    const so = looks.get(look) ?? { sent: 0, refused: 0 };
    looks.set(look, { sent: so.sent + 1, refused: so.refused + (refused ? 1 : 0) });
  }
  const unsettled = [...looks].filter(([, { sent, refused }]) => refused > sent * throttledMax);
  return (Math.max(-1, ...unsettled.map(([look]) => look)) + 1) * (lookMs / 1000);
}

/** Somebody else takes 30 % of the limit without a word; replies say what is used in all. */
export const sharedQuota: Scenario = {
  name: 'shared_quota',
  async run(redisUrl) {
    const { row, run } = await seen('shared_quota', {
      ...four(redisUrl, 'shared'),
      budget: { limits: [observed] },
      provider: { limit: bucket(40), othersPerSecond: perSecond * othersShare },
      reacts: true,
      warmUpMs: settlesWithinMs,
      countedMs,
    });
    const arrivals = countedOf(run);
    const left = perSecond * (1 - othersShare) * (countedMs / 1000);
    const drift = run.reports.flatMap((report) => report.drift).at(-1)?.share ?? 0;
    return {
      rows: [row],
      figures: {
        shared_quota_throttled_share: rounded(refusedOf(arrivals) / Math.max(1, arrivals.length), 5),
        shared_quota_share_of_rest: rounded(permittedOf(arrivals) / left, 4),
        shared_quota_settled_s: settledAfterS(run),
        shared_quota_drift: rounded(drift, 3),
      },
      notes: [
        `shared_quota: settled after ${settledAfterS(run)} s; drift as reported ${(drift * 100).toFixed(0)} % (others take ${othersShare * 100} %)`,
      ],
    };
  },
};
