import type { ParityReport, TableParity } from '../model/parity.ts';
import { count, tableText } from './table.ts';

const head = [
  'table',
  'against',
  'rows',
  'rows',
  'missing',
  'extra',
  'changed',
  'columns',
  'known',
  'read',
  'verdict',
];

/** A comparison for people: a line for each pair of tables, and the verdict. */
export function parityText(report: ParityReport): string {
  const rows = report.tables.map(rowOf);
  const right = head.map((_, at) => at > 1 && at < head.length - 1);
  return [tableText(head, rows, right), '', verdictText(report)].join('\n');
}

function rowOf(table: TableParity): readonly string[] {
  const { missing, extra, changed } = table.differences;
  const counts = [table.rows.left, table.rows.right, missing, extra, changed, table.schema.length];
  return [
    table.left,
    table.right,
    ...counts.map(count),
    count(table.known),
    count(table.read.rows),
    table.verdict,
  ];
}

function verdictText({ tables, verdict, environment, against }: ParityReport): string {
  const pair = `${environment} and ${against === 'warehouse' ? 'its warehouse' : against}`;
  const rows = count(tables.reduce((sum, one) => sum + one.rows.left, 0));
  const known = tables.reduce((sum, one) => sum + one.known, 0);
  const fresh = tables.reduce((sum, one) => sum + one.fresh, 0);
  if (verdict === 'match') {
    const but = known === 0 ? '' : `, but for ${count(known)} differences of the baseline`;
    return `Match: ${pair}, ${rows} rows${but}.`;
  }
  if (verdict === 'mismatch') return `Mismatch: ${pair}, ${count(fresh)} differences that no baseline has.`;
  return verdict === 'excluded' ? `Excluded: nothing of ${pair} was compared.` : `Inconclusive: ${pair}.`;
}
