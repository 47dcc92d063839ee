import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { streamName } from '../../model/accounts.ts';
import {
  type AskedScope,
  type AuditPlan,
  type AuditReport,
  type KeysAudit,
  type LoadedCounts,
  type LoadsAudit,
  type MappingAudit,
  type MappingLedger,
  neverStaged,
  type TableComparison,
} from '../../model/audit.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { assert } from '../../model/errors.ts';
import type { ExtractStep, MappingPlan, Plan, StreamPlan } from '../../model/plan.ts';
import type { LoadUnit, Staging, Warehouse } from '../../model/ports.ts';
import { accountedPercent, statusOf, worst } from './accounted.ts';
import { damagedRows, keyFindings, ledgerFindings, loadFindings, noTable, notAudited } from './findings.ts';
import { type WrittenRows, writeRows } from './rows-file.ts';
import { nothingThere, scopeIn } from './scope.ts';
import { windowFindings } from './windows.ts';
import { doubtsOf, type LoadDoubt } from './witness.ts';

export interface AuditServices {
  /** Absent where there is none yet: none is made. */
  readonly staging?: Staging;
  readonly warehouse: Warehouse;
  /** For a file of rows; it is removed. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Holds the ledger against itself, against the warehouse's account of its loads, and the staged rows against those of the
 * tables. No request is made, and nothing is changed.
 */
export async function auditLedger(
  plan: Plan,
  audit: AuditPlan,
  names: readonly string[],
  asked: AskedScope,
  services: AuditServices,
): Promise<AuditReport> {
  const mappings: MappingAudit[] = [];
  const diagnostics: Diagnostic[] = [];
  const streams = new Set<string>();
  for (const name of names) {
    services.signal.throwIfAborted();
    const mapping = plan.mappings[name];
    const stream = streamOf(plan, name);
    assert(mapping && stream, `the plan has the mapping ${name} and reads its stream`);
    const scope = scopeIn(stream, asked);
    const ledger = (await services.staging?.ledger(mapping, stream, scope)) ?? neverStaged;
    const audited = await auditMapping({
      environment: plan.environment,
      mapping,
      stream,
      ledger,
      audit,
      services,
      isScoped: Object.keys(scope).length > 0,
    });
    mappings.push(audited.report);
    diagnostics.push(...audited.diagnostics);
    if (!streams.has(mapping.stream)) diagnostics.push(...windowFindings(stream, ledger.windows));
    streams.add(mapping.stream);
  }
  if (Object.keys(asked).length > 0 && mappings.every(({ units }) => units.pages === 0))
    throw nothingThere(asked);
  const units = mappings.reduce((sum, one) => sum + one.units.units, 0);
  const unaccounted = mappings.reduce((sum, one) => sum + one.unaccounted, 0);
  const status = worst(mappings.map((one) => one.status));
  return {
    environment: plan.environment,
    scope: asked,
    threshold: audit.threshold,
    status,
    // Nothing that was looked at is no proof of anything.
    accounted_percent: status === 'inconclusive' && units === 0 ? 0 : accountedPercent(units, unaccounted),
    mappings,
    diagnostics,
  };
}

const streamOf = ({ steps, mappings }: Plan, mapping: string): StreamPlan | undefined =>
  steps
    .filter((step): step is ExtractStep => step.kind === 'extract')
    .find(({ stream }) => streamName(stream) === mappings[mapping]?.stream)?.stream;

interface Audited {
  readonly environment: string;
  readonly mapping: MappingPlan;
  readonly stream: StreamPlan;
  readonly ledger: MappingLedger;
  readonly audit: AuditPlan;
  readonly services: AuditServices;
  readonly isScoped: boolean;
}

interface Result {
  readonly report: MappingAudit;
  readonly diagnostics: readonly Diagnostic[];
}

async function auditMapping(audited: Audited): Promise<Result> {
  const { mapping, ledger, audit, services } = audited;
  if (ledger.status !== 'staged') return inconclusive(audited);
  const statements = audit.statements[mapping.name] ?? [];
  const tables = await services.warehouse.tables([mapping, audit.loads]);
  const has = ({ schema, table }: { schema: string; table: string }): boolean =>
    tables.some((one) => one.schema === schema && one.table === table);
  const noted = has(audit.loads) ? await services.warehouse.loads(statements) : [];
  const doubts = doubtsOf(
    ledger.loads,
    noted.filter((one) => isOurs(audited, one.unit)),
  );
  const { written, comparison } = await compareRows(audited, has(mapping));
  const keys = keysOf(written, comparison);
  const unaccounted = unaccountedOf(ledger, doubts, keys, written);
  const percent = accountedPercent(ledger.counts.units, unaccounted);
  const status = statusOf(percent, audit.threshold);
  const diagnostics = [
    ...ledgerFindings(mapping, ledger),
    ...damagedRows(mapping, written),
    ...loadFindings(mapping, doubts),
    ...(comparison === undefined && written.rows > 0 ? [noTable(mapping, written.rows)] : []),
    ...(comparison === undefined ? [] : keyFindings(mapping, keys, comparison.examples)),
  ];
  return {
    report: {
      ...named(mapping),
      status,
      accounted_percent: percent,
      unaccounted,
      units: ledger.counts,
      loads: loadsOf(ledger, doubts),
      keys,
    },
    diagnostics: diagnostics.map((one) => (status === 'mismatch' ? one : { ...one, severity: 'warning' })),
  };
}

const named = ({ name, stream, schema, table }: MappingPlan) => ({
  mapping: name,
  stream,
  table: `${schema}.${table}`,
});

/** Of a warehouse that several environments share, the loads of this one. */
const isOurs = ({ environment, mapping }: Audited, unit: string): boolean =>
  unit.startsWith(`${environment}.${mapping.name}.`);

const noRows: WrittenRows = { rows: 0, damaged: 0, examples: [] };

/** Writes what is loaded to a file, as a load does, and lets the warehouse hold it against the table. */
async function compareRows(
  { mapping, ledger, audit, services, isScoped }: Audited,
  hasTable: boolean,
): Promise<{ readonly written: WrittenRows; readonly comparison?: TableComparison }> {
  const { loadedThrough, pages } = ledger;
  if (isScoped && pages === undefined) return { written: noRows, comparison: nothingCompared };
  const file = join(services.folder, `${mapping.name}-audit.csv`);
  const unit: LoadUnit = {
    id: 'audit',
    mapping: mapping.name,
    firstPage: 0,
    lastPage: loadedThrough,
    rows: 0,
    marks: 0,
  };
  try {
    assert(services.staging, 'what is staged has a database');
    const written = await writeRows(file, services.staging.rows(mapping, unit));
    if (!hasTable) return { written };
    const { schema, table } = mapping;
    const request = { schema, table, file, ...(isScoped && pages && { pages }) };
    const statements = audit.statements[mapping.name] ?? [];
    return { written, comparison: await services.warehouse.compare(statements, request) };
  } finally {
    await rm(file, { force: true });
  }
}

const noDifferences = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

const nothingCompared: TableComparison = { superseded: 0, found: 0, kinds: noDifferences, examples: [] };

function keysOf({ rows }: WrittenRows, comparison: TableComparison | undefined): KeysAudit {
  if (comparison === undefined) return { ...noDifferences, missing: rows, expected: rows, found: 0 };
  const { superseded, found, kinds } = comparison;
  return { ...kinds, expected: rows - superseded, found };
}

/** Each fault counts where it is found: one that shows in several places counts several times. */
function unaccountedOf(
  { unmapped, unbalanced, misstaged, loads }: MappingLedger,
  doubts: readonly LoadDoubt[],
  keys: KeysAudit,
  { damaged }: WrittenRows,
): number {
  const pages = [unmapped, unbalanced, misstaged, loads.uncovered].reduce((sum, { units }) => sum + units, 0);
  const doubted = doubts.reduce((sum, { rows }) => sum + rows, 0);
  return pages + doubted + damaged + keys.missing + keys.stale + keys.changed + keys.surplus + keys.doubled;
}

const doubting: readonly LoadDoubt['kind'][] = ['unwitnessed', 'disagreeing'];

function loadsOf(
  { loads: { loads, repeated }, pending }: MappingLedger,
  doubts: readonly LoadDoubt[],
): LoadsAudit {
  const sum = (name: keyof LoadedCounts): number =>
    loads.reduce((total, { counts }) => total + counts[name], 0);
  const filled = loads.filter(({ counts }) => counts.staged > 0);
  const doubted = new Set(doubts.filter(({ kind }) => doubting.includes(kind)).map(({ unit }) => unit));
  return {
    units: filled.length,
    witnessed: filled.filter(({ unit }) => !doubted.has(unit)).length,
    staged: sum('staged'),
    inserted: sum('inserted'),
    updated: sum('updated'),
    unchanged: sum('unchanged'),
    superseded: sum('superseded'),
    pending,
    repeated,
  };
}

function inconclusive({ mapping, ledger }: Audited): Result {
  return {
    report: {
      ...named(mapping),
      status: 'inconclusive',
      accounted_percent: 0,
      unaccounted: 0,
      units: ledger.counts,
      loads: loadsOf(ledger, []),
      keys: keysOf(noRows, nothingCompared),
    },
    diagnostics: [notAudited(mapping, ledger.status)],
  };
}
