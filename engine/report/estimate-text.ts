import { accountStream } from '../model/accounts.ts';
import { cursorValue } from '../model/batch.ts';
import type {
  Expected,
  PlanEstimate,
  QuotaEstimate,
  StreamEstimate,
  WindowEstimate,
} from '../model/estimate.ts';
import type { StreamPlan } from '../model/plan.ts';
import { durationText } from '../model/units.ts';
import { count } from './table.ts';

/** What a stream will ask for, and what that costs, in lines. */
export function estimateLines(stream: StreamPlan, { streams }: PlanEstimate): readonly string[] {
  const found = streams.find((one) => one.stream === accountStream(stream));
  return found === undefined ? [] : [windowText(found.window, stream), ...costLines(found)];
}

const wholeText = (parent: StreamPlan['parent']): string =>
  parent?.kept ? 'now: of each parent what came since it was read' : 'now: all of it';

function windowText(window: WindowEstimate, { cursor, parent }: StreamPlan): string {
  const value = (text: string): string =>
    cursor === undefined ? text : String(cursorValue(cursor.type, text));
  switch (window.kind) {
    case 'whole':
      return wholeText(parent);
    case 'first':
      return `now: its first read${window.from === undefined ? ', from the beginning' : `, from ${value(window.from)}`}`;
    case 'cursor':
      return window.lookbackMs === 0
        ? `now: from the cursor ${value(window.cursor)}`
        : `now: from ${value(window.from)}, ${durationText(window.lookbackMs)} before the cursor`;
    case 'range': {
      const bounds = `now: from ${value(window.from)} up to ${value(window.to)}, itself left out`;
      if (!window.sliced)
        return `${bounds}; the API cannot be asked for the end of a range (\`cursor.to\`): it is read on from the beginning to the last record, and what lies behind the end is dropped`;
      return `${bounds}, in ${count(window.slices)} ${window.slices === 1 ? 'slice' : 'slices'}`;
    }
    case 'resume':
      return `now: the rest of a window that is open after page ${count(window.pages)}`;
  }
}

function costLines({ expected, unknown, lookups }: StreamEstimate): readonly string[] {
  if (expected === undefined) return [`requests and minutes: unknown, since ${unknown}`];
  const more = lookups === true ? ', and lookups' : '';
  return [
    `about ${counted(expected.requests, 'request')}${more}${recordsText(expected)}: ${timeText(expected)}`,
    `by ${expected.basis}`,
    ...(expected.limits.length === 0
      ? []
      : [`uses ${expected.limits.map(({ id, share }) => `${shareText(share)} of ${id}`).join(', ')}`]),
  ];
}

const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

const recordsText = (expected: Expected): string =>
  expected.records === undefined ? '' : `, ${counted(expected.records, 'record')}${rowsText(expected)}`;

function rowsText({ rows }: Expected): string {
  const all = Object.entries(rows).map(([mapping, value]) => `${count(value)} of ${mapping}`);
  return all.length === 0 ? '' : ` (rows: ${all.join(', ')})`;
}

function timeText({ minutes, decidedBy }: Expected): string {
  const time = minutes < 0.1 ? 'less than 0.1 minutes' : `${minutes.toFixed(1)} minutes`;
  if (decidedBy === undefined) return `${time}; no limit holds it back`;
  return decidedBy === 'answers'
    ? `${time}, as fast as it was answered before`
    : `${time}: \`${decidedBy}\` decides`;
}

const shareText = (share: number): string => {
  const percent = share * 100;
  return percent > 0 && percent < 0.1 ? 'less than 0.1 %' : `${Number(percent.toPrecision(2))} %`;
};

/** What is left of each quota, and what becomes of what does not fit. */
export const quotaLines = ({ quotas }: PlanEstimate): readonly string[] =>
  quotas.flatMap((quota) => [quotaText(quota), ...splitLines(quota)]);

const quotaText = ({ id, declared, remaining, resetsAt, needed }: QuotaEstimate): string =>
  `Quota ${id}, ${declared}: ${count(remaining)} left until ${resetsAt.slice(0, 16).replace('T', ' ')} UTC, about ${count(needed)} needed.`;

function splitLines({ split, needed, remaining }: QuotaEstimate): readonly string[] {
  if (split === undefined) return [];
  const parts = Object.entries(split).map(([stream, pages]) => `${counted(pages, 'page')} of ${stream}`);
  const why =
    needed > remaining
      ? 'Not all of it fits: a run reads'
      : 'How much is needed is not known of every stream: a run reads at most';
  return [`  ${why} ${parts.join(', ')}; the next one goes on there.`];
}
