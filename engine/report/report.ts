import type { CacheReport, RunReport, StreamReport, TableReport } from '../model/run-report.ts';
import { durationText } from '../model/units.ts';
import { count, tableText } from './table.ts';

const head = [
  '',
  'pages',
  'received',
  'requests',
  'waiting',
  'staged',
  'inserted',
  'updated',
  'unchanged',
  'filtered',
  'blocked',
];

/** Blocked rows that the summary names. */
const blockedLinesMax = 5;

const marks = {
  succeeded: '',
  failed: ' ✗ failed',
  skipped: ' – skipped',
  interrupted: ' – interrupted',
} as const;

const streamRow = (report: StreamReport): readonly string[] => [
  `${report.stream}${marks[report.status]}`,
  count(report.pages),
  count(report.received),
  count(report.requests),
  durationText(report.waitedMs),
  ...Array.from({ length: 6 }, () => ''),
];

const tableRow = (report: TableReport): readonly string[] => [
  `  → ${report.table}${marks[report.status]}`,
  ...Array.from({ length: 4 }, () => ''),
  count(report.staged),
  count(report.inserted),
  count(report.updated),
  count(report.unchanged),
  count(report.filtered),
  count(report.blocked),
];

/** The summary of a run, for people: a line for each stream, and below it one for each table made of it. */
export function reportText(report: RunReport): string {
  // Streams that only say what is gone have no table of their own.
  const rows = [...report.tables, ...report.streams]
    .map(({ stream }) => stream)
    .filter((stream, at, all) => all.indexOf(stream) === at);
  const lines = rows.flatMap((stream) => [
    ...report.streams.filter((one) => one.stream === stream).map(streamRow),
    ...report.tables.filter((one) => one.stream === stream).map(tableRow),
  ]);
  const elapsed = Date.parse(report.finishedAt) - Date.parse(report.startedAt);
  return [
    tableText(
      head,
      lines,
      head.map((_, at) => at > 0),
    ),
    '',
    ...remarks(report),
    outcome(report, elapsed),
  ].join('\n');
}

function remarks(report: RunReport): readonly string[] {
  const total = (name: 'blocked' | 'deduplicated' | 'held' | 'nulled' | 'superseded' | 'deleted'): number =>
    report.tables.reduce((sum, one) => sum + one[name], 0);
  const refused = report.streams.reduce((sum, one) => sum + one.refused, 0);
  const retries = report.streams.reduce((sum, one) => sum + one.retries, 0);
  const passed = report.checks.filter((one) => one.passed).length;
  return [
    ...(report.checks.length > 0 ? [`Checks: ${passed} of ${report.checks.length} passed.`] : []),
    ...blockedText(report, total('blocked')),
    ...openText(report),
    ...heldText(total('held')),
    ...(total('nulled') > 0 ? [`Set to NULL: ${count(total('nulled'))} values did not fit.`] : []),
    ...(total('deduplicated') > 0
      ? [`Deduplicated: ${count(total('deduplicated'))} rows came twice in one page.`]
      : []),
    ...(total('superseded') > 0
      ? [`Superseded: ${count(total('superseded'))} older versions of a row.`]
      : []),
    ...forgottenText(report),
    ...loadingText(report),
    ...(total('deleted') > 0
      ? [`Deleted: ${count(total('deleted'))} rows that the source no longer has.`]
      : []),
    ...cacheText(report),
    ...(retries > 0 ? [`Retries: ${count(retries)}, of them ${count(refused)} after a 403 or 429.`] : []),
  ];
}

function forgottenText({ streams }: RunReport): readonly string[] {
  const total = streams.reduce((sum, { forgotten = 0 }) => sum + forgotten, 0);
  if (total === 0) return [];
  return [
    `Forgotten: ${count(total)} ${total === 1 ? 'record was' : 'records were'} dropped (etl forget --list).`,
  ];
}

/** What a load costs where warehouse time is paid for; embedded files are too quick to be worth a line. */
function loadingText({ tables }: RunReport): readonly string[] {
  const deferred = tables.flatMap((table) =>
    table.deferred === undefined ? [] : [`Deferred: ${table.mapping} stays staged: ${table.deferred}.`],
  );
  const loadMs = tables.reduce((sum, table) => sum + table.loadMs, 0);
  const rows = tables.reduce((sum, table) => sum + table.staged, 0);
  const cost = `Warehouse: ${durationText(loadMs)} for ${count(rows)} rows.`;
  return [...deferred, ...(loadMs >= 1000 ? [cost] : [])];
}

/** How much of what could come from the cache did. */
function cacheText({ streams }: RunReport): readonly string[] {
  const total = (name: keyof CacheReport): number =>
    streams.reduce((sum, { cache }) => sum + (cache?.[name] ?? 0), 0);
  const [hits, revalidated] = [total('hits'), total('revalidated')];
  const all = hits + revalidated + total('misses');
  if (all === 0) return [];
  const rate = Math.floor((100 * hits) / all);
  const confirmed = revalidated === 0 ? '' : `, ${count(revalidated)} more had not changed`;
  return [`Cache: ${count(hits)} of ${count(all)} replies came from it (${rate} %)${confirmed}.`];
}

function blockedText({ blocked }: RunReport, total: number): readonly string[] {
  if (total === 0) return [];
  const shown = blocked
    .slice(0, blockedLinesMax)
    .map(
      ({ mapping, record, index, property, reason }) =>
        `  ${mapping}, record ${record}${index === null ? '' : `[${index}]`}, ${property}: ${reason}`,
    );
  return [
    `Blocked: ${count(total)} ${total === 1 ? 'row is' : 'rows are'} kept aside in this run.`,
    ...shown,
    ...(total > shown.length ? [`  … ${count(total - shown.length)} more`] : []),
  ];
}

const openText = ({ openBlockers, environment }: RunReport): readonly string[] =>
  openBlockers === 0
    ? []
    : [
        `Open: ${count(openBlockers)} ${openBlockers === 1 ? 'Blocker waits' : 'Blockers wait'} for a person: etl blockers${environment === 'lab' ? ' --lab' : ''}`,
      ];

const heldText = (rows: number): readonly string[] =>
  rows === 0
    ? []
    : [
        `Held: ${count(rows)} ${rows === 1 ? 'row waits' : 'rows wait'} for a Blocker of an earlier version, or for the end of the account’s listing.`,
      ];

function outcome(report: RunReport, elapsedMs: number): string {
  const where = `run ${report.run} in ${report.environment}, ${durationText(elapsedMs)}`;
  if (report.status === 'succeeded') return `Done: ${where}.`;
  if (report.status === 'interrupted')
    return `Interrupted: ${where}. What was read is staged; the next run goes on from there.`;
  return `Failed: ${where}. What was read is staged; the next run goes on from there.`;
}
