import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { accountStream } from '../../model/accounts.ts';
import type {
  AuditPlan,
  KeysAudit,
  SourceMappingAudit,
  SourceStreamAudit,
  TableComparison,
} from '../../model/audit.ts';
import { cursorText, type ReceivedPage } from '../../model/batch.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { MappingPlan, Plan } from '../../model/plan.ts';
import type { Clock, SourceBounds, Warehouse } from '../../model/ports.ts';
import { recordCursor } from '../../model/stream-cursor.ts';
import { accountedPercent, statusOf } from './accounted.ts';
import { keyFindings, noTable, notAudited, sourceWords } from './findings.ts';
import { ListedFile } from './listed-file.ts';
import type { Relisted } from './relisted.ts';

export interface SourceAuditServices {
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  /** For files of rows; they are removed. */
  readonly folder: string;
}

export interface StreamAudited {
  readonly audit: SourceStreamAudit;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a stream again and holds what its mappings make of it against the warehouse. Neither the ledger nor a position is
 * looked at, so what went wrong there shows. `planned` is the plan of the next run: what it would change first cannot be
 * compared.
 */
export async function auditSource(
  listed: Relisted,
  pages: AsyncIterable<ReceivedPage>,
  planned: Plan,
  audit: AuditPlan,
  services: SourceAuditServices,
): Promise<StreamAudited> {
  const begun = new Date(services.clock.now()).toISOString();
  const files: ListedFile[] = [];
  try {
    for (const mapping of listed.mappings)
      files.push(await ListedFile.create(join(services.folder, `${mapping.name}-source.csv`), mapping));
    const read = await readAll(pages, files).finally(() => Promise.all(files.map((file) => file.close())));
    const { account } = listed.step.stream;
    const bounds = { account, startedAt: begun, ...changedFrom(listed, read.startedAt), ...fromOf(listed) };
    const compared: { audit: SourceMappingAudit; diagnostics: readonly Diagnostic[] }[] = [];
    for (const file of files) compared.push(await compareFile(file, bounds, planned, audit, services));
    return {
      audit: {
        stream: accountStream(listed.step.stream),
        ...read,
        mappings: compared.map((one) => one.audit),
      },
      diagnostics: compared.flatMap(({ diagnostics }) => diagnostics),
    };
  } finally {
    for (const { path } of files) await rm(path, { force: true });
  }
}

type Read = Pick<SourceStreamAudit, 'startedAt' | 'pages' | 'records'>;

async function readAll(pages: AsyncIterable<ReceivedPage>, files: readonly ListedFile[]): Promise<Read> {
  let read: Read = { startedAt: '', pages: 0, records: 0 };
  for await (const { startedAt, facts, mapped } of pages) {
    const made = await mapped;
    for (const file of files) await file.add(made);
    read = { startedAt, pages: read.pages + 1, records: read.records + facts.records };
  }
  return read;
}

/** What has changed since the listing began may be in it or not; only a timestamp tells. */
function changedFrom({ step: { stream } }: Relisted, startedAt: string): Pick<SourceBounds, 'changedFrom'> {
  return recordCursor(stream)?.type === 'timestamp'
    ? { changedFrom: cursorText('timestamp', startedAt) }
    : {};
}

const fromOf = ({ from }: Relisted): Pick<SourceBounds, 'from'> => (from === undefined ? {} : { from });

async function compareFile(
  file: ListedFile,
  source: SourceBounds,
  planned: Plan,
  audit: AuditPlan,
  { warehouse }: SourceAuditServices,
): Promise<{ readonly audit: SourceMappingAudit; readonly diagnostics: readonly Diagnostic[] }> {
  const { mapping } = file;
  const { schema, table, name } = mapping;
  const [found] = await warehouse.tables([{ schema, table }]);
  if (found === undefined) {
    const made = audited(
      file,
      { superseded: 0, found: 0, kinds: { ...none, missing: file.rows }, examples: [] },
      audit,
    );
    return { audit: made, diagnostics: [noTable(mapping, file.rows)] };
  }
  if (isBehind(planned, mapping)) {
    const made = audited(file, { superseded: 0, found: 0, kinds: none, examples: [] }, audit);
    return { audit: { ...made, status: 'inconclusive' }, diagnostics: [notAudited(mapping, 'changed')] };
  }
  const request = { schema, table, file: file.path, source };
  const comparison = await warehouse.compare(audit.statements[name] ?? [], request);
  const made = audited(file, comparison, audit);
  const diagnostics = keyFindings(mapping, made.keys, comparison.examples, sourceWords);
  const severity = made.status === 'mismatch' ? 'error' : 'warning';
  return { audit: made, diagnostics: diagnostics.map((one) => ({ ...one, severity })) };
}

const none = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

/** Whether the table was made by another version of the mapping. */
const isBehind = ({ steps }: Plan, { name }: MappingPlan): boolean =>
  steps.some((step) => (step.kind === 'remap' || step.kind === 'define') && step.mapping === name);

function audited(
  { mapping, rows, filtered, blocked }: ListedFile,
  { superseded, found, kinds }: TableComparison,
  audit: AuditPlan,
): SourceMappingAudit {
  const keys: KeysAudit = { ...kinds, expected: rows - superseded, found };
  const all = keys.expected + keys.surplus + keys.doubled;
  const stale = keys.stale + keys.changed;
  const surplus = keys.surplus + keys.doubled;
  const percent = accountedPercent(all, keys.missing + stale + surplus);
  const million = (count: number): number => (all === 0 ? 0 : Math.ceil((1_000_000 * count) / all));
  return {
    mapping: mapping.name,
    table: `${mapping.schema}.${mapping.table}`,
    status: statusOf(percent, audit.threshold),
    accounted_percent: percent,
    keys,
    filtered,
    blocked,
    per_million: { missing: million(keys.missing), stale: million(stale), surplus: million(surplus) },
  };
}
