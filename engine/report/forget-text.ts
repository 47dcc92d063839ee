import type { ForgottenEntry, PersonPlace } from '../model/forget.ts';
import { count, tableText } from './table.ts';

/** What was found of a person, or erased, in one stream. */
export interface ForgetLine {
  readonly stream: string;
  readonly pages: number;
  readonly records: number;
}

const head = ['', 'pages', 'records'];

const linesText = (lines: readonly ForgetLine[]): string =>
  tableText(
    head,
    lines.map(({ stream, pages, records }) => [stream, count(pages), count(records)]),
    [false, true, true],
  );

const notSearched = (streams: readonly string[]): readonly string[] =>
  streams.length === 0
    ? []
    : [
        `Not searched, since they do not say whom their records are about (\`subject\`): ${streams.join(', ')}.`,
      ];

/** What the folder of the project says of a person. */
export interface ForgetFiles {
  readonly recordings: readonly { readonly file: string; readonly records: number }[];
  readonly expected: readonly string[];
  readonly places: readonly PersonPlace[];
}

const recordedText = ({ recordings }: ForgetFiles): string => {
  const records = recordings.reduce((sum, one) => sum + one.records, 0);
  const files = `${count(recordings.length)} ${recordings.length === 1 ? 'file' : 'files'} of recordings/`;
  return `${count(records)} recorded ${records === 1 ? 'record' : 'records'} in ${files}`;
};

/** Files that people write are theirs to change. */
const placesText = ({ places }: ForgetFiles): readonly string[] =>
  places.length === 0
    ? []
    : [
        'Files of the project say something of them. Change these lines yourself:',
        ...places.map(({ file, line, what }) => `  ${file}:${line}: ${what}`),
      ];

const historyText = ({ recordings, places }: ForgetFiles): readonly string[] =>
  recordings.length + places.length === 0
    ? []
    : ['What was committed stays in the history of git until you rewrite it.'];

/** What `etl forget` would erase. */
export function foundText(
  lines: readonly ForgetLine[],
  silent: readonly string[],
  files: ForgetFiles,
): string {
  return [
    linesText(lines),
    '',
    ...notSearched(silent),
    ...(files.recordings.length === 0
      ? []
      : [`Also: ${recordedText(files)}; what is expected of these is removed with it.`]),
    ...placesText(files),
    'Its rows, Blockers, artifacts and cached replies go with it. Nothing is erased yet.',
  ].join('\n');
}

export interface ForgetDone {
  readonly streams: readonly (ForgetLine & { readonly loaded: number })[];
  readonly artifacts: number;
  readonly loadFiles: number;
}

/** What was erased. */
export function forgetText(
  { streams, artifacts, loadFiles }: ForgetDone,
  silent: readonly string[],
  files: ForgetFiles,
): string {
  const loaded = streams.reduce((sum, one) => sum + one.loaded, 0);
  return [
    linesText(streams),
    '',
    `Also: ${count(loaded)} rows of the warehouse, ${count(artifacts)} artifacts of runs, ${count(loadFiles)} load files.`,
    ...(files.recordings.length === 0
      ? []
      : [`And ${recordedText(files)}: \`etl test --update\` writes anew what is expected of them.`]),
    ...notSearched(silent),
    ...placesText(files),
    ...historyText(files),
    'Forgotten. Records about this subject are dropped from now on (`etl forget --lift` ends that).',
    'Backups, and what was copied elsewhere, are yours to erase: see docs/privacy.md.',
  ].join('\n');
}

const statuses = { erasing: 'not finished', done: 'forgotten', lifted: 'lifted' } as const;

/** Who was forgotten, without saying who. */
export function forgottenText(entries: readonly ForgottenEntry[]): string {
  if (entries.length === 0) return 'Nobody was forgotten.';
  const rows = entries.map(({ stream, hash, status, by, at, counts }) => [
    hash.slice(0, 8),
    stream,
    statuses[status],
    at.slice(0, 19).replace('T', ' '),
    by,
    ...[counts.pages, counts.records, counts.rows, counts.blockers, counts.loaded].map(count),
  ]);
  const columns = [
    '',
    'stream',
    'is',
    'asked (UTC)',
    'by',
    'pages',
    'records',
    'staged',
    'blockers',
    'loaded',
  ];
  return tableText(
    columns,
    rows,
    columns.map((_, at) => at > 4),
  );
}

export const liftedText = (tombstones: number): string =>
  tombstones === 0
    ? 'This subject is not forgotten: nothing has changed.'
    : [
        `Lifted in ${tombstones} ${tombstones === 1 ? 'stream' : 'streams'}: records about this subject are kept again from the next run on.`,
        'What was erased comes back only as the API sends it again.',
      ].join('\n');
