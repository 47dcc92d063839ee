import type * as config from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint } from '../../model/errors.ts';
import type { ParityExclusion, ParityReport, ParityVerdict, TableParity } from '../../model/parity.ts';

const dayMs = 86_400_000;

/** What is left out, by a project's files; the last day is whole, in UTC. */
export const exclusionsOf = (files: readonly config.Parity[], nowMs: number): readonly ParityExclusion[] =>
  files
    .flatMap(({ exclude }) => exclude)
    .map((one) => ({ ...one, isExpired: Date.parse(`${one.expires}T00:00:00Z`) + dayMs <= nowMs }));

/** One verdict of all tables: known differences do not count, an exclusion that has run out does. */
export function verdictOf(
  tables: readonly TableParity[],
  expired: readonly ParityExclusion[],
): ParityVerdict {
  if (expired.length > 0 || tables.some(({ fresh }) => fresh > 0)) return 'mismatch';
  if (tables.some(({ verdict }) => verdict === 'inconclusive')) return 'inconclusive';
  return tables.length > 0 && tables.every(({ verdict }) => verdict === 'excluded') ? 'excluded' : 'match';
}

/** What is wrong, table by table. */
export const parityDiagnostics = (
  { tables }: ParityReport,
  expired: readonly ParityExclusion[],
): readonly Diagnostic[] => [
  ...expired.map(expiredExclusion),
  ...tables.flatMap((table) => [...schemaFinding(table), ...rowsFinding(table), ...openFinding(table)]),
];

/** Differences that a baseline has are told, and do not fail. */
const weighed = ({ fresh }: TableParity, diagnostic: Diagnostic): Diagnostic =>
  fresh > 0 ? diagnostic : { ...diagnostic, severity: 'warning' };

function schemaFinding(table: TableParity): readonly Diagnostic[] {
  if (table.schema.length === 0 || table.verdict !== 'mismatch') return [];
  const help = table.schema.map(
    ({ column, kind, left, right }) =>
      `${column}: ${kind} differs: ${left} on the left, ${right} on the right.`,
  );
  const summary = `columns of ${table.left} and ${table.right} differ: ${table.schema.map(({ column }) => column).join(', ')}`;
  return [weighed(table, complaint('ETL0771', summary, ...help))];
}

function rowsFinding(table: TableParity): readonly Diagnostic[] {
  const { missing, extra, changed } = table.differences;
  if (missing + extra + changed === 0) return [];
  const counts = [
    [missing, 'missing'],
    [extra, 'extra'],
    [changed, 'changed'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const more = table.truncated ? ', and more' : '';
  const columns = Object.keys(table.columns);
  return [
    weighed(
      table,
      complaint(
        'ETL0770',
        `rows of ${table.left} and ${table.right} differ: ${said.join(', ')}${more}`,
        ...(columns.length === 0 ? [] : [`Columns with other values: ${columns.join(', ')}.`]),
        ...table.samples.map(sampleText),
      ),
    ),
  ];
}

const cell = (value: string | null): string => (value === null ? 'NULL' : JSON.stringify(value));

function sampleText({ kind, key, columns }: TableParity['samples'][number]): string {
  const which = Object.entries(key)
    .map(([name, value]) => `${name} ${cell(value)}`)
    .join(', ');
  const values = columns.map(({ column, left, right }) => `${column} ${cell(left)} / ${cell(right)}`);
  return `${kind}: ${which}${values.length === 0 ? '' : ` (${values.join(', ')})`}`;
}

const openFinding = ({ left, right, verdict, reason = '' }: TableParity): readonly Diagnostic[] =>
  verdict === 'inconclusive'
    ? [
        complaint(
          'ETL0772',
          `${left} and ${right} could not be compared: ${reason}`,
          'That is no match. Mend what is said, or exclude the table with a reason and a date.',
        ),
      ]
    : [];

const expiredExclusion = ({ mapping, column, owner, expires, reason }: ParityExclusion): Diagnostic =>
  complaint(
    'ETL0775',
    `the exclusion of ${mapping}${column === undefined ? '' : `.${column}`} has expired on ${expires}`,
    `${owner} owns it: ${reason}`,
    'It was compared. Remove the exclusion, or give it another date.',
  );
