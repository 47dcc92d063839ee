import { accountStream } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { StreamEraser } from '../model/forget.ts';
import type { MappingPlan } from '../model/plan.ts';
import { streamName } from './forget-texts.ts';

/** What is found while a person is searched for, and said. */
export const changedMapping = ({ name }: MappingPlan): Diagnostic =>
  complaint(
    'ETL0962',
    `the mapping ${name} has changed since it was staged`,
    'What it has loaded is found by the key that it had then.',
    'Run `etl run` first, or take the change back.',
  );

export const strangeMappings = (stream: string, names: readonly string[]): Diagnostic => ({
  ...complaint(
    'ETL0963',
    `${stream}: rows of ${names.join(', ')} are erased in staging only`,
    'The project has no such mapping any more, so that nobody knows its table in the warehouse.',
    'Delete the rows there yourself, or drop the table.',
  ),
  severity: 'warning',
});

/** Of pages whose response is gone, rows are found only in columns that name the person. */
export function unsearchable(
  eraser: StreamEraser,
  staged: readonly MappingPlan[],
  dropped: number,
): readonly Diagnostic[] {
  const isKey = eraser.names.some(eraser.namesKey);
  const blind = staged.filter(
    ({ name }) => !isKey && eraser.columns.every(({ mapping }) => mapping.name !== name),
  );
  if (dropped === 0 || blind.length === 0) return [];
  const names = blind.map(({ name }) => name).join(', ');
  return [
    {
      ...complaint(
        'ETL0964',
        `${streamName(eraser)}: the responses of ${dropped} ${dropped === 1 ? 'page' : 'pages'} were let go, and cannot be searched`,
        `Of these pages rows of ${names} are not found: no column of theirs holds the \`subject\` as it is.`,
        'Give them such a column, or read the stream anew: `etl state reset`.',
      ),
      severity: 'warning',
    },
  ];
}

export const unreadPages = (stream: string, pages: readonly number[]): Diagnostic => ({
  ...complaint(
    'ETL0964',
    `${stream}: ${pages.length} kept ${pages.length === 1 ? 'page' : 'pages'} could not be searched (first: ${pages[0]})`,
    'They were kept when the stream was declared otherwise: their records, keys or cursors stood elsewhere.',
    'Declare the stream as it was to search them, or drop them: `etl state reset`.',
  ),
  severity: 'warning',
});

/** Streams that were asked for with records of persons, and have keys or columns made of that. */
export const keyedChildren = (
  erasers: readonly StreamEraser[],
  kept: ReadonlyMap<string, unknown>,
): readonly Diagnostic[] => {
  const found = erasers.flatMap(({ declared, children }) =>
    children
      .filter(({ stream, isKeyed, named }) => isKeyed && named && kept.has(accountStream(stream)))
      .map(({ stream, named }) => ({
        declared,
        stream: accountStream(stream),
        path: Object.keys(named ?? {})[0],
      })),
  );
  return [...new Map(found.map((one) => [one.stream, one])).values()].map(({ declared, stream, path }) => ({
    ...complaint(
      'ETL0966',
      `${stream} goes on saying whom of ${declared} its records are of`,
      `Its key or a column is made of \`_parent.${path}\`, and it has no \`subject\`. Its requests, and what it says of them, are redacted; its records and rows stay.`,
      `Declare \`subject: _parent.${path}\` in the stream, and give the command again: they are erased then.`,
    ),
    severity: 'warning',
  }));
};
