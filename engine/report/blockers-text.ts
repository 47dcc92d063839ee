import type { Blocker, BlockerChange, BlockerFilter } from '../model/blocker.ts';
import type * as config from '../model/config.ts';
import { aboutText, ageText, blockersText, ownerOf } from './blocker-words.ts';
import { count, tableText } from './table.ts';

/** Characters of a reason in a table. */
const reasonMax = 72;
/** Blockers that an answer names one by one. */
const namedMax = 10;

export interface ListOptions {
  /** How many there are, of which some are listed. */
  readonly total: number;
  readonly nowMs: number;
  readonly filter: BlockerFilter;
  /** What further commands need: ` --lab`. */
  readonly suffix: string;
}

const cut = (text: string): string => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > reasonMax ? `${line.slice(0, reasonMax - 1)}…` : line;
};

/** Blockers as a table, and what can be done with them. */
export function listText(blockers: readonly Blocker[], options: ListOptions): string {
  const { total, filter, suffix, nowMs } = options;
  const status = filter.status ?? 'of any status';
  const [first] = blockers;
  if (first === undefined) return nothingText(filter);
  const head = ['id', 'status', 'in', 'about', 'reason', 'seen', 'owner', 'age'];
  const rows = blockers.map((one) => [
    String(one.id),
    one.kind === 'record' ? one.status : `${one.status} ${one.kind}`,
    ownerOf(one),
    aboutText(one),
    cut(one.reason),
    `${count(one.seen)} ×`,
    one.owner === '' ? '–' : one.owner,
    ageText(one.createdAt, nowMs),
  ]);
  const hidden = total - blockers.length;
  return [
    tableText(head, rows, [true, false, false, false, false, true, false, true]),
    '',
    `${blockersText(total)} ${status}${hidden > 0 ? `, ${count(hidden)} of them not listed (--limit)` : ''}.`,
    `Next: etl blockers show ${first.id}${suffix}`,
  ].join('\n');
}

function nothingText({ status, ...others }: BlockerFilter): string {
  const among = Object.keys(others).length > 0 ? ' among those' : '';
  return status === undefined ? `There is no Blocker${among}.` : `No Blocker is ${status}${among}.`;
}

const did = {
  assigned: 'assigned',
  noted: 'noted',
  overridden: 'overridden',
  retried: 'retried',
  waived: 'waived',
} as const;

/** What a command has done, with how many. */
export function changedText(chosen: readonly Blocker[], change: BlockerChange, suffix: string): string {
  return [
    ...namedText(chosen),
    '',
    `${blockersText(chosen.length)} ${did[change.event]}${detailOf(change)}.`,
    ...afterwards(chosen, change, suffix),
  ].join('\n');
}

function detailOf(change: BlockerChange): string {
  switch (change.event) {
    case 'assigned':
      return change.owner === '' ? ' to nobody' : ` to ${change.owner}`;
    case 'noted':
      return `: ${change.note}`;
    case 'waived':
      return `: ${change.reason}`;
    default:
      return '';
  }
}

function afterwards(chosen: readonly Blocker[], { event }: BlockerChange, suffix: string): readonly string[] {
  if (event !== 'waived') return [];
  if (chosen.every(({ kind }) => kind !== 'record')) return [];
  return [
    'Their rows stay out. Later versions of their records wait no longer:',
    `  etl run${suffix}`,
    'loads them.',
  ];
}

const namedText = (chosen: readonly Blocker[]): readonly string[] => {
  const rows = chosen
    .slice(0, namedMax)
    .map((one) => [`${one.id}`, ownerOf(one), aboutText(one), cut(one.reason)]);
  const rest = chosen.length - rows.length;
  const lines = tableText(['id', 'in', 'about', 'reason'], rows, [true, false, false, false]);
  return [lines, ...(rest > 0 ? [`… and ${count(rest)} more`] : [])];
};

export interface RetriedOptions {
  readonly suffix: string;
  readonly loaded: boolean;
  /** Those that the project has. */
  readonly mappings: readonly string[];
}

const outcomes = {
  open: '✗ still open',
  retried: '✓ fits now',
  resolved: '✓ loaded',
  waived: '– waived',
} as const;

/** What became of Blockers that were retried. */
export function retriedText(now: readonly Blocker[], options: RetriedOptions): string {
  const rows = now
    .slice(0, namedMax)
    .map((one) => [
      `${one.id}`,
      isStep(one) && one.status === 'retried' ? '… waits for a run' : outcomes[one.status],
      ownerOf(one),
      aboutText(one),
      one.status === 'open' ? cut(openReason(one, options.mappings)) : '',
    ]);
  const hidden = now.length - rows.length;
  return [
    tableText(['id', 'outcome', 'in', 'about', 'reason'], rows, [true, false, false, false, false]),
    ...(hidden > 0 ? [`… and ${count(hidden)} more`] : []),
    '',
    ...retriedLines(now, options),
  ].join('\n');
}

const isStep = ({ kind }: Blocker): boolean => kind !== 'record';

function retriedLines(now: readonly Blocker[], { suffix, loaded }: RetriedOptions): readonly string[] {
  const rows = (status: Blocker['status']): readonly Blocker[] =>
    now.filter((one) => one.status === status && !isStep(one));
  const steps = now.filter((one) => one.status === 'retried' && isStep(one));
  const [done, fits, open] = [rows('resolved'), rows('retried'), rows('open')];
  const line = (some: readonly Blocker[], text: string): readonly string[] =>
    some.length === 0 ? [] : [`${blockersText(some.length)} ${text}`];
  return [
    ...(loaded ? line(done, 'resolved: what fits now is loaded.') : []),
    ...line(fits, `retried: what fits now is staged. Next: etl run${suffix}`),
    ...line(steps, `of steps: nothing is kept of them, the next run tries again. Next: etl run${suffix}`),
    ...line(
      open,
      `still open: mend the mapping and retry, or set the value, or waive it. Next: etl blockers show ${open[0]?.id}${suffix}`,
    ),
  ];
}

const openReason = ({ mapping, reason }: Blocker, mappings: readonly string[]): string =>
  mappings.includes(mapping) ? reason : `the project has no mapping ${mapping} any more: waive it`;

export interface OverriddenOptions {
  readonly written: readonly { readonly file: string; readonly overrides: readonly config.Override[] }[];
  readonly suffix: string;
}

/** Such as `  record 42[0]: quantity = "2" instead of "two", until 2026-12-31`. */
function overrideText({ account, record, index, set, was = {}, expires }: config.Override): string {
  const values = Object.entries(set).map(([name, value]) => {
    const before = Object.hasOwn(was, name) ? ` instead of ${JSON.stringify(was[name])}` : '';
    return `${name} = ${JSON.stringify(value)}${before}`;
  });
  const whose = account === undefined ? '' : ` of ${account}`;
  return `  record ${record}${index === undefined ? '' : `[${index}]`}${whose}: ${values.join(', ')}, until ${expires}`;
}

/** Which files hold values now, and what makes them count. */
export function overriddenText(chosen: readonly Blocker[], { written, suffix }: OverriddenOptions): string {
  const ids = chosen.map(({ id }) => id);
  const which = ids.length > namedMax ? '--all-open' : ids.join(' ');
  return [
    ...written.flatMap(({ file, overrides }) => [`Added to ${file}:`, ...overrides.map(overrideText)]),
    '',
    'Review it and commit it; it is part of the plan. The next run maps the page again:',
    `  etl run${suffix}`,
    'Or see at once whether it fits:',
    `  etl blockers retry ${which}${suffix}`,
  ].join('\n');
}
