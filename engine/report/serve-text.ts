import { atAccount } from '../model/accounts.ts';
import type { ServeReport } from '../model/serve-report.ts';
import { durationText } from '../model/units.ts';
import { count, tableText } from './table.ts';

/** What was served, stream by stream, and how fresh it was. */
export function serveText(report: ServeReport): string {
  const { startedAt, finishedAt, runs, failed, refused, catchUpMs, streams } = report;
  const length = durationText(Date.parse(finishedAt) - Date.parse(startedAt));
  const caughtUp =
    catchUpMs === undefined ? '' : `; the longest run that caught up took ${durationText(catchUpMs)}`;
  return [
    tableText(
      ['stream', 'schedule', 'runs', 'failed', 'age', 'p50', 'p95', 'p99', 'SLO'],
      streams.map((one) => [
        atAccount(one.stream, one.account),
        one.schedule,
        count(one.runs),
        count(one.failed),
        text(one.ageMs),
        text(one.took?.p50Ms),
        text(one.took?.p95Ms),
        text(one.took?.p99Ms),
        one.sloMs === undefined ? '' : `${durationText(one.sloMs)}${one.isLate ? ' (late)' : ''}`,
      ]),
      [false, false, true, true, true, true, true, true, true],
    ),
    '',
    `Served for ${length}: ${count(runs)} runs, ${count(failed)} failed, ${count(refused)} responses of status 429 or 403${caughtUp}.`,
    'Age is how long ago the API was as the tables are; the others are how long records of the last 24 hours took.',
  ].join('\n');
}

const text = (ms: number | undefined): string => (ms === undefined ? '' : durationText(ms));
