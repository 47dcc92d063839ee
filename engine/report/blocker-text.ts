import type { Blocker, BlockerEvent } from '../model/blocker.ts';
import { aboutText, ageText, ownerOf } from './blocker-words.ts';
import { count, tableText } from './table.ts';

export interface ShowOptions {
  readonly history: readonly BlockerEvent[];
  /** Kept pages that it was seen on. */
  readonly pages: readonly number[];
  readonly nowMs: number;
  /** Where its property is declared: `mappings/orders.yml:12`. */
  readonly declared?: string;
  /** What further commands need: ` --lab`. */
  readonly suffix: string;
}

/** Pages that are named one by one. */
const pagesMax = 8;

/** All that is known of a Blocker, what was done, and what to do next. */
export function showText(blocker: Blocker, options: ShowOptions): string {
  const { history, nowMs } = options;
  const events = history.map(({ at, event, actor, detail }) => [
    `  ${at.slice(0, 19).replace('T', ' ')}Z`,
    event,
    actor,
    detail,
  ]);
  return [
    `Blocker ${blocker.id} is ${blocker.status}: ${ownerOf(blocker)}, ${aboutText(blocker)}`,
    `  ${blocker.code}: ${blocker.reason}`,
    '',
    tableText(
      [],
      facts(blocker, options).map(([name, text]) => [`  ${name}`, text]),
      [false, false],
    ),
    '',
    'History',
    tableText([], events, [false, false, false, false]),
    '',
    ...nextSteps(blocker, options, nowMs),
  ].join('\n');
}

type Fact = readonly [string, string];

function facts(blocker: Blocker, { pages, declared, nowMs }: ShowOptions): readonly Fact[] {
  const { kind, value, stream, account, ordinal, owner, note, seen, run, createdAt } = blocker;
  const isRecord = kind === 'record';
  const where = account === 'default' ? stream : `${stream}, account ${account}`;
  const rows = isRecord ? [['received', receivedText(value)] as const] : repliesOf(value);
  return [
    ...rows,
    ...(isRecord && pages.length > 0 ? [['page', pagesText(pages, ordinal)] as const] : []),
    ['stream', where],
    ...(declared === undefined ? [] : [['declared', declared] as const]),
    [
      'seen',
      `${count(seen)} ${seen === 1 ? 'time' : 'times'}, last by run ${run}, first ${ageText(createdAt, nowMs)} ago`,
    ],
    ['owner', owner === '' ? 'nobody' : owner],
    ...(note === '' ? [] : [['note', note] as const]),
  ];
}

const receivedText = (value: string): string => (value === '' ? 'nothing' : value);

const repliesOf = (value: string): readonly Fact[] =>
  value
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => [at === 0 ? 'said' : '', line]);

function pagesText(pages: readonly number[], ordinal: number | null): string {
  const shown = pages.slice(0, pagesMax).map(count).join(', ');
  const rest = pages.length > pagesMax ? ` and ${pages.length - pagesMax} more` : '';
  const place = pages.length > 1 || ordinal === null ? '' : `, record ${ordinal + 1} of it`;
  return `${shown}${rest}${place}`;
}

/** The day in a month, as an example. */
const inAMonth = (nowMs: number): string => new Date(nowMs + 30 * 86_400_000).toISOString().slice(0, 10);

function nextSteps(blocker: Blocker, options: ShowOptions, nowMs: number): readonly string[] {
  const { id, kind, status, property, record } = blocker;
  const { suffix, declared } = options;
  if (status === 'resolved') return ['Nothing is left to do.'];
  if (status === 'retried') return ['What to do', `  etl run${suffix}`];
  if (status === 'waived')
    return ['Nothing is left to do. Should it be loaded after all:', `  etl blockers retry ${id}${suffix}`];
  if (kind !== 'record')
    return [
      'What to do',
      '  mend what is said above; the next run tries again, and resolves it when it succeeds',
      `    etl run${suffix}`,
    ];
  const mapping = declared === undefined ? 'the mapping' : declared.replace(/:\d+$/, '');
  return [
    `What to do${record === '' ? '' : ', while later versions of this record wait'}`,
    `  mend ${mapping}, and map the row again`,
    `    etl blockers retry ${id}${suffix}`,
    '  or set this one value by hand, until a date',
    `    etl blockers override ${id} --set ${property === '' ? 'PROPERTY' : property}=VALUE --expires ${inAMonth(nowMs)} --reason TEXT${suffix}`,
    '  or leave the row out',
    `    etl blockers waive ${id} --reason TEXT${suffix}`,
  ];
}
