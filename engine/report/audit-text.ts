import type { AuditReport, MappingAudit } from '../model/audit.ts';
import { count, tableText } from './table.ts';

interface Sheet {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, value: (audit: MappingAudit) => number | string])[];
}

/** What is counted, in the order in which a unit goes: received, staged, loaded, in the table. */
const sheets: readonly Sheet[] = [
  {
    name: 'ledger',
    columns: [
      ['pages', ({ units }) => units.pages],
      ['units', ({ units }) => units.units],
      ['staged', ({ units }) => units.staged],
      ['deduplicated', ({ units }) => units.deduplicated],
      ['gone', ({ units }) => units.tombstones],
      ['filtered', ({ units }) => units.filtered],
      ['blocked', ({ units }) => units.blocked],
      ['held', ({ units }) => units.held],
    ],
  },
  {
    name: 'loads',
    columns: [
      ['units', ({ loads }) => loads.units],
      ['in _etl_loads', ({ loads }) => loads.witnessed],
      ['inserted', ({ loads }) => loads.inserted],
      ['updated', ({ loads }) => loads.updated],
      ['unchanged', ({ loads }) => loads.unchanged],
      ['superseded', ({ loads }) => loads.superseded],
      ['pending', ({ loads }) => loads.pending],
      ['repeated', ({ loads }) => loads.repeated],
    ],
  },
  {
    name: 'table',
    columns: [
      ['keys', ({ keys }) => keys.expected],
      ['rows', ({ keys }) => keys.found],
      ['missing', ({ keys }) => keys.missing],
      ['stale', ({ keys }) => keys.stale],
      ['changed', ({ keys }) => keys.changed],
      ['surplus', ({ keys }) => keys.surplus],
      ['doubled', ({ keys }) => keys.doubled],
      ['accounted', percentOf],
    ],
  },
];

/** An audit for people: how many, stage by stage, and the verdict. */
export function auditText(report: AuditReport): string {
  const tables = sheets.map(({ name, columns }) =>
    tableText(
      [name, ...columns.map(([column]) => column)],
      report.mappings.map((audit) => [
        labelOf(name, audit),
        ...columns.map(([, value]) => cell(value(audit))),
      ]),
      [false, ...columns.map(() => true)],
    ),
  );
  return [...tables.flatMap((table) => [table, '']), verdict(report)].join('\n');
}

const labelOf = (sheet: string, { mapping, table, stream }: MappingAudit): string => {
  if (sheet === 'table') return `${mapping} → ${table}`;
  return sheet === 'ledger' ? `${stream} → ${mapping}` : mapping;
};

const cell = (value: number | string): string => (typeof value === 'number' ? count(value) : value);

function percentOf({ status, accounted_percent: percent }: MappingAudit): string {
  return status === 'inconclusive' ? '–' : percentText(percent);
}

export const percentText = (percent: number): string => `${percent} %`;

function verdict(report: AuditReport): string {
  const { mappings, status, accounted_percent: percent, threshold } = report;
  const units = mappings.reduce((sum, one) => sum + one.units.units, 0);
  const what = `${percentText(percent)} of ${count(units)} units`;
  if (status === 'accounted') return `Accounted for: ${what}.`;
  if (status === 'mismatch')
    return `Mismatch: ${what} accounted for; the threshold is ${percentText(threshold)} of each mapping.`;
  return `Inconclusive: ${what} accounted for; not every mapping could be audited.`;
}
