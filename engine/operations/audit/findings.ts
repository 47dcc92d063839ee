import type {
  Deviation,
  DifferenceExample,
  DifferenceKind,
  KeysAudit,
  MappingLedger,
} from '../../model/audit.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { MappingPlan } from '../../model/plan.ts';
import type { WrittenRows } from './rows-file.ts';
import type { LoadDoubt } from './witness.ts';

const shownMax = 3;

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

const are = (count: number): string => (count === 1 ? 'is' : 'are');
const have = (count: number): string => (count === 1 ? 'has' : 'have');

/** The first examples, and how many there are besides. */
function list(texts: readonly string[], total: number): string {
  const shown = texts.slice(0, shownMax);
  const more = total - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${more.toLocaleString('en-US')} more` : shown.join('; ');
}

const warning = (diagnostic: Diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' });

const deviating = (
  { examples, pages }: Deviation,
  said: (expected: number, found: number) => string,
): string =>
  list(
    examples.map(({ page, expected, found }) => `page ${page}: ${said(expected, found)}`),
    pages,
  );

/** What speaks against the ledger of a mapping, its own parts alone. */
export function ledgerFindings(
  { name, table, schema, stream }: MappingPlan,
  { unmapped, unbalanced, misstaged, leftOut, loads }: MappingLedger,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const find = (deviation: Deviation, make: () => Diagnostic): void => {
    if (deviation.pages > 0) found.push(make());
  };
  find(unmapped, () =>
    complaint(
      'ETL1001',
      `${counted(unmapped.pages, 'page')} of ${stream} ${have(unmapped.pages)} no account for ${name}: ${counted(unmapped.units, 'record')}`,
      deviating(unmapped, (expected) => counted(expected, 'record')),
      '`etl run` maps kept pages that a mapping has not seen, without a request.',
    ),
  );
  find(unbalanced, () =>
    complaint(
      'ETL1002',
      `${counted(unbalanced.units, 'unit')} of ${name} ${are(unbalanced.units)} not accounted for`,
      deviating(
        unbalanced,
        (expected, got) => `${expected} received, ${got} staged, dropped, gone, filtered or blocked`,
      ),
      'Let the kept pages be mapped again: change the mapping, or its hash, and run.',
    ),
  );
  find(misstaged, () =>
    complaint(
      'ETL1003',
      `the staged rows of ${name} are not as many as were staged: ${counted(misstaged.units, 'row')} off`,
      deviating(misstaged, (expected, got) => `${expected} staged, ${got} found in stg_${name}`),
      'Somebody or something has changed the staging database. Restore it, or let the kept pages be mapped again.',
    ),
  );
  find(loads.uncovered, () =>
    complaint(
      'ETL1007',
      `${counted(loads.uncovered.units, 'row')} of ${name} count as loaded into ${schema}.${table}, and no load holds them`,
      deviating(loads.uncovered, (expected) => counted(expected, 'row')),
      'A row of the table `loads` is gone from staging.',
    ),
  );
  find(leftOut, () =>
    warning(
      complaint(
        'ETL1018',
        `${counted(leftOut.pages, 'kept page')} of ${stream} ${have(leftOut.pages)} nothing for ${name} as it is declared now`,
        deviating(leftOut, (expected) => counted(expected, 'record')),
        'They were fetched when the stream was declared otherwise, and it was read anew since.',
      ),
    ),
  );
  return found;
}

export const damagedRows = (
  { name }: MappingPlan,
  { damaged, examples }: WrittenRows,
): readonly Diagnostic[] =>
  damaged === 0
    ? []
    : [
        complaint(
          'ETL1004',
          `${counted(damaged, 'staged row')} of ${name} ${have(damaged)} other values than were staged: the hash does not fit`,
          list(
            examples.map(({ record, page }) => `record ${record} of page ${page}`),
            damaged,
          ),
          'Somebody or something has changed the staging database. Restore it, or let the kept pages be mapped again.',
        ),
      ];

/** What speaks against single loads, those of one kind in one finding. */
export function loadFindings({ name }: MappingPlan, doubts: readonly LoadDoubt[]): readonly Diagnostic[] {
  const of = (...kinds: readonly LoadDoubt['kind'][]): readonly LoadDoubt[] =>
    doubts.filter(({ kind }) => kinds.includes(kind));
  const texts = (some: readonly LoadDoubt[]): string =>
    list(
      some.map(({ unit, pages, said }) => `${unit} (${pages}): ${said}`),
      some.length,
    );
  const find = (some: readonly LoadDoubt[], make: (counted: string) => Diagnostic): readonly Diagnostic[] =>
    some.length === 0 ? [] : [make(counted(some.length, 'load'))];
  const [odd, ours, theirs, replaced] = [
    of('unbalanced', 'moved', 'disagreeing'),
    of('unwitnessed'),
    of('unknown'),
    of('replaced'),
  ];
  return [
    ...find(odd, (what) =>
      complaint('ETL1005', `the counts of ${what} of ${name} do not agree`, texts(odd), reload),
    ),
    ...find(ours, (what) =>
      complaint(
        'ETL1006',
        `${what} of ${name} ${are(ours.length)} in the ledger, and not in _etl_loads`,
        texts(ours),
        reload,
      ),
    ),
    ...find(theirs, (what) =>
      complaint(
        'ETL1006',
        `${what} of ${name} ${are(theirs.length)} in _etl_loads, and not in the ledger`,
        texts(theirs),
        'Was the staging database restored from a backup, or lost? Then the warehouse is ahead of it.',
      ),
    ),
    ...find(replaced, (what) =>
      warning(
        complaint(
          'ETL1006',
          `${what} of ${name} ${are(replaced.length)} in _etl_loads, and not in the ledger; later loads hold the same pages`,
          texts(replaced),
          'A run died between the commit of the warehouse and its own. Nothing is lost, and nothing is there twice.',
        ),
      ),
    ),
  ];
}

const reload = 'Compare the keys below: they say whether rows are concerned.';

/** How people find a row: its key, the account only where there are several. */
function keyText({ key }: MappingPlan, { key: values, columns }: DifferenceExample): string {
  const parts = key.flatMap((column, at) =>
    column === '_account' && values[at] === 'default' ? [] : [`${column}=${values[at] ?? 'NULL'}`],
  );
  const where = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
  return `${parts.join(' ') || `account ${values[0]}`}${where}`;
}

interface KeyWords {
  readonly code: string;
  said(rows: string, count: number, table: string): string;
  readonly advice: string;
}

export type WordsOfKeys = { readonly [kind in Exclude<DifferenceKind, 'explained'>]: KeyWords };

/** Of a table beside what is staged. */
const stagedWords: WordsOfKeys = {
  missing: {
    code: 'ETL1008',
    said: (rows, count, table) => `${rows} ${are(count)} missing from ${table}`,
    advice: 'They are staged. Let them be loaded again: drop the table, and run.',
  },
  stale: {
    code: 'ETL1009',
    said: (rows, count, table) => `${rows} of ${table} ${are(count)} not the newest version`,
    advice: 'The columns in parentheses have other values, and the hash is that of another version.',
  },
  changed: {
    code: 'ETL1010',
    said: (rows, count, table) => `${rows} of ${table} ${have(count)} other values than were loaded`,
    advice:
      'The hash is that of the newest version, the columns in parentheses are not: somebody has changed them. A load leaves them as they are until the record changes at the source.',
  },
  surplus: {
    code: 'ETL1011',
    said: (rows, count, table) => `${rows} of ${table} ${have(count)} a key that was never staged`,
    advice: 'Somebody has inserted them, or a row of staging is gone.',
  },
  doubled: {
    code: 'ETL1012',
    said: (rows, count, table) => `${rows} of ${table} ${have(count)} the key of another row`,
    advice: 'No load inserts a key that is there. Remove the rows that were inserted by hand.',
  },
};

const runFirst =
  'If they changed after the last run, the next one brings them: run, and audit again. If not, the API left them out of a window: a longer `lookback` helps, or `etl audit` says what became of them.';

/** Of a table beside its source. */
export const sourceWords: WordsOfKeys = {
  missing: {
    code: 'ETL1031',
    said: (rows, count, table) => `${rows} that the source has ${are(count)} missing from ${table}`,
    advice: runFirst,
  },
  stale: {
    code: 'ETL1032',
    said: (rows, count, table) => `${rows} of ${table} ${have(count)} other values than the source`,
    advice: runFirst,
  },
  changed: stagedWords.changed,
  surplus: {
    code: 'ETL1033',
    said: (rows, count, table) => `${rows} of ${table} ${have(count)} a key that the source does not list`,
    advice: 'They were deleted at the source, or the list hides them, or somebody has inserted them here.',
  },
  doubled: stagedWords.doubled,
};

/** What a table has otherwise than it should, a finding for each kind. */
export function keyFindings(
  mapping: MappingPlan,
  keys: KeysAudit,
  examples: readonly DifferenceExample[],
  words: WordsOfKeys = stagedWords,
): readonly Diagnostic[] {
  const table = `${mapping.schema}.${mapping.table}`;
  return (Object.keys(words) as (keyof WordsOfKeys)[])
    .filter((kind) => keys[kind] > 0)
    .map((kind) => {
      const { code, said, advice } = words[kind];
      const texts = examples.filter((one) => one.kind === kind).map((one) => keyText(mapping, one));
      return complaint(
        code,
        said(counted(keys[kind], 'row'), keys[kind], table),
        list(texts, keys[kind]),
        advice,
      );
    });
}

export const notAudited = ({ name }: MappingPlan, status: MappingLedger['status']): Diagnostic =>
  warning(
    status === 'never'
      ? complaint('ETL1013', `nothing of ${name} is staged yet`, 'Run `etl run` first.')
      : complaint(
          'ETL1013',
          `the mapping ${name} has changed since it was last run`,
          'What is staged and loaded was made by the mapping as it was. `etl run` maps the kept pages again; then audit.',
        ),
  );

export const noTable = ({ name, schema, table }: MappingPlan, rows: number): Diagnostic =>
  complaint(
    'ETL1019',
    `the table ${schema}.${table} is gone: ${counted(rows, 'loaded row')} of ${name} ${are(rows)} missing`,
    '`etl run` makes it again, and loads all that is staged.',
  );
