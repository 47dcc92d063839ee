import type { SourceAuditReport, SourceMappingAudit, SourceStreamAudit } from '../model/audit.ts';
import { percentText } from './audit-text.ts';
import { count, tableText } from './table.ts';

const head = [
  'source',
  'records',
  'keys',
  'rows',
  'missing',
  'stale',
  'surplus',
  'explained',
  'per million',
  'accounted',
];

/** A re-read of the source for people: a line for each stream, and below it one for each table made of it. */
export function sourceAuditText(report: SourceAuditReport): string {
  const rows = report.streams.flatMap((stream) => [streamRow(stream), ...stream.mappings.map(mappingRow)]);
  const table = tableText(
    head,
    rows,
    head.map((_, at) => at > 0),
  );
  return [table, '', verdict(report)].join('\n');
}

const streamRow = ({ stream, records }: SourceStreamAudit): readonly string[] => [
  stream,
  count(records),
  ...head.slice(2).map(() => ''),
];

function mappingRow(audit: SourceMappingAudit): readonly string[] {
  const { keys, per_million: million, status } = audit;
  const counts = [
    keys.expected,
    keys.found,
    keys.missing,
    keys.stale + keys.changed,
    keys.surplus + keys.doubled,
    keys.explained,
    million.missing + million.stale + million.surplus,
  ];
  const accounted = status === 'inconclusive' ? '–' : percentText(audit.accounted_percent);
  return [`  → ${audit.table}`, '', ...counts.map(count), accounted];
}

function verdict({ status, accounted_percent: percent, threshold, streams }: SourceAuditReport): string {
  const keys = streams
    .flatMap(({ mappings }) => mappings)
    .reduce((sum, { keys: one }) => sum + one.expected, 0);
  const what = `${percentText(percent)} of ${count(keys)} keys at the source`;
  if (status === 'accounted') return `The same: ${what}.`;
  if (status === 'mismatch')
    return `Mismatch: ${what} are the same; the threshold is ${percentText(threshold)} of each mapping.`;
  return `Inconclusive: ${what}; not every mapping could be compared.`;
}
