import type { ColumnReplay, MappingReplay, ReplayReport, ReplaySample } from '../model/replay.ts';
import { count, markdownText as tableMarkdown, tableText } from './table.ts';

const head = [
  'mapping',
  'diff',
  'rows',
  'added',
  'removed',
  'changed',
  'blocked',
  'unblocked',
  'unexplained',
];
const right = head.map((_, at) => at > 1);

/** A replay for people: a line for each mapping, what it changes column by column, examples, and the verdict. */
export function replayText(report: ReplayReport): string {
  const changed = report.mappings.filter(hasChanged);
  return [
    tableText(head, report.mappings.map(rowOf), right),
    ...changed.flatMap((one) => ['', ...detailLines(one)]),
    '',
    verdictText(report),
  ].join('\n');
}

/** What a reviewer looks at: the verdict, the counts, and examples of each mapping that differs. */
export function replayMarkdown(report: ReplayReport): string {
  const changed = report.mappings.filter(hasChanged);
  return [
    `**${verdictText(report)}**`,
    '',
    ...(changed.length === 0 ? [] : [tableMarkdown(head, changed.map(rowOf), right), '']),
    ...changed.flatMap(mappingMarkdown),
  ].join('\n');
}

const hasChanged = ({ state, counts, columns }: MappingReplay): boolean =>
  state !== 'same' || columns.length > 0 || Object.values(counts).some((one) => one > 0);

function rowOf({ mapping, state, edits, rows, counts, unexplained }: MappingReplay): readonly string[] {
  const { added, removed, changed, blocked, unblocked } = counts;
  const total = rows.base === rows.head ? count(rows.head) : `${count(rows.base)} → ${count(rows.head)}`;
  const diff = { new: 'new', removed: 'removed', same: '-', changed: edits.join(', ') }[state];
  const open = Object.values(unexplained).reduce((sum, one) => sum + one, 0);
  return [mapping, diff, total, ...[added, removed, changed, blocked, unblocked, open].map(count)];
}

function detailLines(one: MappingReplay): readonly string[] {
  return [
    `${one.mapping}: ${pagesText(one)}`,
    ...one.columns.map((column) => `  ${columnText(column)}`),
    ...one.samples.map((sample) => `  ${sample.explained ? ' ' : '!'} ${sampleLine(sample)}`),
  ];
}

function mappingMarkdown(one: MappingReplay): readonly string[] {
  return [
    `**${one.mapping}**, ${pagesText(one)}`,
    '',
    ...one.columns.map((column) => `- ${columnText(column)}`),
    ...(one.samples.length === 0
      ? []
      : ['', '```diff', ...one.samples.map((sample) => diffLine(sample)), '```']),
    '',
  ];
}

const pagesText = ({ pages, olderPages }: MappingReplay): string =>
  `${count(pages)} ${pages === 1 ? 'page' : 'pages'}${olderPages === 0 ? '' : `, the newest; ${count(olderPages)} older ones were left out`}`;

function columnText({ column, change, types, rows, unexplained }: ColumnReplay): string {
  const what = {
    added: 'new column',
    removed: 'no longer there',
    retyped: `${types?.[0]} → ${types?.[1]}`,
    values: 'values',
  }[change];
  const open = unexplained === 0 ? '' : `, ${count(unexplained)} of them unexplained`;
  return `${column}: ${what}, ${count(rows)} ${rows === 1 ? 'row differs' : 'rows differ'}${open}`;
}

const signs = { added: '+', removed: '-', changed: '!', blocked: '-', unblocked: '+' } as const;

/** A diff is coloured by the first sign of a line. */
const diffLine = (sample: ReplaySample): string =>
  `${signs[sample.change]} ${sampleLine(sample)}${sample.explained ? '' : '  (unexplained)'}`.replaceAll(
    '`',
    "'",
  );

/** `changed order_id "A17" (page 12): currency "eur" → "EUR"`. */
function sampleLine({ change, key, page, cells, reason }: ReplaySample): string {
  const shown = (value: string | null): string => (value === null ? 'NULL' : JSON.stringify(value));
  const keys = Object.entries(key).map(([column, value]) => `${column} ${shown(value)}`);
  const values = cells.map(({ column, base, head: now }) => `${column} ${shown(base)} → ${shown(now)}`);
  const what = [...values, ...(reason === undefined ? [] : [reason])];
  return `${change} ${keys.join(', ')} (page ${page})${what.length === 0 ? '' : `: ${what.join(', ')}`}`;
}

function verdictText({ verdict, base, origin, mappings }: ReplayReport): string {
  const since = `${base.ref} (${base.commit.slice(0, 12)})`;
  const pages = Math.max(0, ...mappings.map((one) => one.pages));
  const where = `by ${origin}${pages === 0 ? ', which has no page' : ''}`;
  return {
    same: `Same: nothing differs from ${since}, ${where}.`,
    explained: `Explained: what differs from ${since} is what the diffs of the mappings say, ${where}.`,
    unexplained: `Unexplained: something differs from ${since} that no diff of a mapping says, ${where}.`,
    inconclusive: `Inconclusive: a mapping has changed since ${since}, and no page shows how, ${where}.`,
  }[verdict];
}
