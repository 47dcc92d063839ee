import type * as config from '../../engine/model/config.ts';
import { tableText } from '../../engine/report/table.ts';
import { rounded } from '../support/numbers.ts';
import { type FleetOptions, type FleetRun, runFleet } from './fleet.ts';
import { byWorker, countedOf, jain, permittedOf, refusedBy, refusedOf, worst } from './seen.ts';

/** One run, as the table and the result file have it. */
export interface Row {
  readonly scenario: string;
  readonly limiter: string;
  readonly sent: number;
  readonly throttled: number;
  /** Permitted requests by what the limit permits in the counted time. */
  readonly share: number;
  readonly worst_second: number;
  readonly worst_100ms: number;
  /** What stricter providers would have refused of the same arrivals. */
  readonly capacity_10: number;
  readonly capacity_5: number;
  readonly sliding: number;
  readonly jain: number;
  readonly redis_calls_per_request: number;
  /** Permits that came too late to be used, the warm-up included. */
  readonly late: number;
  readonly failed: number;
  readonly failure?: string;
}

/** Requests per second that the provider of nearly every scenario permits. */
export const perSecond = 100;

export const bucket = (burst: number): config.Limit => ({
  id: 'account',
  bucket: { rate: `${perSecond}/s`, burst },
});

/** So many in any second, counted exactly. */
export const slidingSecond: config.Limit = { id: 'account', sliding: { limit: perSecond, per: '1s' } };

/** A run with what was seen of it. */
export interface Seen {
  readonly run: FleetRun;
  readonly row: Row;
}

/** Runs processes and sums up what the provider saw in the counted time. */
export async function seen(scenario: string, options: FleetOptions): Promise<Seen> {
  const run = await runFleet(options);
  const arrivals = countedOf(run);
  const calls = run.reports.reduce((sum, { redisCalls }) => sum + redisCalls, 0);
  const failure = run.reports.find((report) => report.failure !== undefined)?.failure;
  const row: Row = {
    scenario,
    limiter: options.limiter,
    sent: arrivals.length,
    throttled: refusedOf(arrivals),
    share: rounded(permittedOf(arrivals) / ((options.perSecond * options.countedMs) / 1000), 4),
    worst_second: worst(arrivals, 1000),
    worst_100ms: worst(arrivals, 100),
    capacity_10: refusedBy(bucket(10), run),
    capacity_5: refusedBy(bucket(5), run),
    sliding: refusedBy(slidingSecond, run),
    jain: rounded(jain(byWorker(arrivals, options.wanted.length)), 4),
    redis_calls_per_request: rounded(calls / Math.max(1, arrivals.length), 3),
    late: run.reports.reduce((sum, { late }) => sum + late, 0),
    failed: run.reports.reduce((sum, { failed }) => sum + failed, 0),
    ...(failure !== undefined && { failure }),
  };
  return { run, row };
}

const heads = [
  'scenario',
  'limiter',
  'sent',
  '429',
  'share %',
  'worst 1 s',
  'worst 100 ms',
  'cap 10',
  'cap 5',
  'sliding',
  'Jain',
  'Redis calls',
  'late',
  'failed',
];

export function rowsTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.scenario,
    row.limiter,
    String(row.sent),
    String(row.throttled),
    (row.share * 100).toFixed(1),
    String(row.worst_second),
    String(row.worst_100ms),
    String(row.capacity_10),
    String(row.capacity_5),
    String(row.sliding),
    row.jain.toFixed(3),
    row.redis_calls_per_request.toFixed(2),
    String(row.late),
    String(row.failed),
  ]);
  return tableText(heads, lines, [false, false, ...heads.slice(2).map(() => true)]);
}
