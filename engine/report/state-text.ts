import type { StreamFreshness } from '../model/freshness.ts';
import type { SchedulePlan } from '../model/schedule.ts';
import type { LockView, MappingState, ParentCounts, RunView, StreamState } from '../model/state-port.ts';
import { durationText, sizeText } from '../model/units.ts';
import { count, tableText } from './table.ts';

export interface StateTextOptions {
  readonly nowMs: number;
}

interface View {
  readonly streams: readonly Shown[];
  readonly freshness: readonly StreamFreshness[];
  readonly schedules: readonly SchedulePlan[];
  readonly locks: readonly LockView[];
  readonly runs: readonly RunView[];
}

/** Where streams stand, who holds locks, and how the last runs ended. */
export function stateText(
  { streams, freshness, schedules, locks, runs }: View,
  { nowMs }: StateTextOptions,
): string {
  return [
    ...streams.flatMap((stream) => [...streamLines(stream), ...freshText(stream, freshness, schedules), '']),
    locksText(locks, nowMs),
    '',
    ...(runs.length === 0 ? ['There was no run yet.'] : ['Last runs:', runsText(runs)]),
  ].join('\n');
}

export const locksText = (locks: readonly LockView[], nowMs: number): string =>
  locks.length === 0
    ? 'Nobody holds a lock.'
    : ['Locks:', ...locks.map((lock) => lockText(lock, nowMs))].join('\n');

/** `byParents`: the cursor is the page up to which the parents of the stream are done. */
interface Shown extends StreamState {
  readonly byParents?: true;
}

/** Where one stream stands, and its mappings. */
export function streamLines({
  stream,
  account,
  fetched,
  settled,
  parents,
  pages,
  mappings,
  byParents,
}: Shown): readonly string[] {
  const cursor = (value = '', label = ''): string =>
    value && (byParents ? `the parents up to page ${value}` : label + value);
  const whose = account === 'default' ? '' : ` (${account})`;
  const window =
    fetched.open === undefined ? '' : `; a window is open, ${some(fetched.open.pages, 'page')} of it read`;
  const at = fetched.at === undefined ? '' : `, at ${clockText(fetched.at)}`;
  const dropped = pages.all - pages.kept;
  const gone = dropped === 0 ? '' : `, ${count(dropped)} without their response`;
  return [
    `${stream}${whose}`,
    `  fetched  ${fetched.at === undefined ? 'nothing yet' : `${cursor(fetched.cursor) || 'no cursor yet'}${at}`}${window}`,
    `  settled  ${settled.page === 0 ? 'nothing yet' : [`page ${settled.page}`, cursor(settled.cursor, 'cursor ')].filter(Boolean).join(', ')}`,
    ...(parents === undefined ? [] : [parentsText(parents)]),
    `  pages    ${count(pages.all)} with ${some(pages.records, 'record')}; ${count(pages.kept)} kept in ${sizeText(pages.bytes)}${gone}`,
    ...mappings.map(mappingText),
  ];
}

/** However many there are, where they stand is one line. */
function parentsText({ known, gone, least, greatest }: ParentCounts): string {
  const read =
    least === undefined
      ? ''
      : least === greatest
        ? `, read up to ${least}`
        : `, read up to ${least} (least far) and ${greatest} (farthest)`;
  return `  parents  ${count(known)}${read}${gone === 0 ? '' : `; ${count(gone)} of them are gone`}`;
}

/** How fresh it is, and when `etl serve` reads it. */
function freshText(
  { stream, account }: StreamState,
  all: readonly StreamFreshness[],
  schedules: readonly SchedulePlan[],
): readonly string[] {
  const isIt = (one: { readonly stream: string; readonly account: string }): boolean =>
    one.stream === stream && one.account === account;
  const schedule = schedules.find(isIt)?.schedule;
  const found = all.find(isIt);
  const due = schedule === undefined ? [] : [`  schedule ${schedule}`];
  if (found?.ageMs === undefined) return due;
  const { ageMs, sloMs, isLate, took } = found;
  const slo = sloMs === undefined ? '' : `, ${isLate ? 'LATE: ' : ''}the SLO is ${durationText(sloMs)}`;
  const [p50, p95, p99] = [took?.p50Ms, took?.p95Ms, took?.p99Ms].map((ms) => durationText(ms ?? 0));
  const lately = took === undefined ? '' : `; records took p50 ${p50}, p95 ${p95}, p99 ${p99}`;
  return [...due, `  fresh    as of ${durationText(ageMs)} ago${slo}${lately}`];
}

function mappingText({
  mapping,
  loadedThrough,
  pendingPages,
  pendingRows,
  heldFrom,
  blocked,
}: MappingState): string {
  const loaded = loadedThrough === 0 ? 'nothing loaded yet' : `loaded through page ${loadedThrough}`;
  const pending =
    pendingPages === 0
      ? 'nothing pending'
      : `${count(pendingRows)} ${pendingRows === 1 ? 'row' : 'rows'} of ${count(pendingPages)} ${pendingPages === 1 ? 'page' : 'pages'} pending`;
  const aside = blocked === 0 ? '' : `, ${count(blocked)} ${blocked === 1 ? 'row' : 'rows'} set aside`;
  const held =
    heldFrom === undefined ? '' : `, from page ${heldFrom} on held until its listing was read to the end`;
  return `  → ${mapping}: ${loaded}, ${pending}${held}${aside}`;
}

function lockText(
  { name, holder, host, pid, run, what, acquiredAt, expiresAt, free }: LockView,
  nowMs: number,
) {
  const since = durationText(Math.max(0, nowMs - Date.parse(acquiredAt)));
  const until = free ? 'its holder is gone: the next run takes it' : `renewed until ${clockText(expiresAt)}`;
  return `  ${name}: run ${run} (${holder} on ${host}, process ${pid}) is ${what} for ${since}; ${until}`;
}

const runsText = (runs: readonly RunView[]): string =>
  tableText(
    ['  run', 'began', 'took', 'status'],
    runs.map(({ run, startedAt, finishedAt, status }) => [
      `  ${run}`,
      clockText(startedAt),
      finishedAt === undefined ? '' : durationText(Date.parse(finishedAt) - Date.parse(startedAt)),
      status,
    ]),
    [false, false, true, false],
  );

const clockText = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

const some = (number: number, what: string): string => `${count(number)} ${what}${number === 1 ? '' : 's'}`;
