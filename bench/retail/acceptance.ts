import { join } from 'node:path';
import type { LabStats } from '../../engine/lab/lab.ts';
import type { RunReport, TableReport } from '../../engine/model/run-report.ts';
import { labFolder, runEtl } from '../support/etl.ts';
import { Findings } from '../support/findings.ts';
import { serveLab } from '../support/lab.ts';
import { expectedTotals } from './expected.ts';
import { type RetailLine, readRetailLines } from './lines.ts';
import { makeProject, writeLabData } from './project.ts';
import { type ShopRecord, type ShopRecords, shopRecords } from './shop-records.ts';
import { compareWithFile, type RetailTotals, sameTotals, warehouseTotals } from './warehouse.ts';

export interface AcceptanceOptions {
  /** Gzipped CSV of the form of the Online Retail data set. */
  readonly file: string;
  /** Folder of the project; it is emptied. */
  readonly folder: string;
  readonly pageRecords: number;
  /** What has happened before this time is there in the first run, all of it in the second. */
  readonly cutoff: string;
}

export interface Acceptance {
  readonly findings: Findings;
  readonly totals: RetailTotals;
}

const lookbackMs = 5 * 60_000;

/** The warehouse of a project that ran in the lab. */
export const warehouseOf = (folder: string): string => join(labFolder(folder), 'warehouse.duckdb');

/** Runs a project twice, before and after the last days of the shop, and compares its tables with the file. */
export async function acceptRetail(options: AcceptanceOptions): Promise<Acceptance> {
  const findings = new Findings();
  const lines = await readRetailLines(options.file);
  const early = shopRecords(lines, options.cutoff);
  const all = shopRecords(lines);
  makeProject(options.folder, options.pageRecords);

  const first = await runOver(options.folder, early);
  findings.atLeast('invoices that share their time', sharedTimes(all.invoices), 2);
  lookAtRun(findings, 'first run', first);
  lookAtReads(findings, 'first run', first.report, early);
  const earlyTotals = expectedTotals(lines.filter(({ invoiceDate }) => invoiceDate < options.cutoff));
  sameTotals(
    findings,
    'after the first run',
    await warehouseTotals(warehouseOf(options.folder)),
    earlyTotals,
  );

  const second = await runOver(options.folder, all);
  lookAtRun(findings, 'second run', second);
  lookAtReads(findings, 'second run', second.report, sinceCursor(all, early));
  lookAtCost(findings, second.report, all, options.pageRecords);
  lookAtChanges(findings, second.report, lines, options);

  const totals = await warehouseTotals(warehouseOf(options.folder));
  sameTotals(findings, 'in the end', totals, expectedTotals(lines));
  await compareWithFile(warehouseOf(options.folder), options.file, findings);
  return { findings, totals };
}

interface LabRun {
  readonly report: RunReport;
  readonly stats: LabStats | undefined;
}

async function runOver(folder: string, records: ShopRecords): Promise<LabRun> {
  writeLabData(folder, records);
  const lab = await serveLab(folder);
  let report: RunReport;
  let stats: { readonly [source: string]: LabStats };
  try {
    ({ report } = await runEtl(folder, lab.url));
  } finally {
    stats = await lab.stop();
  }
  return { report, stats: stats['shop'] };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function lookAtRun(findings: Findings, run: string, { report, stats }: LabRun): void {
  findings.same(`${run}: status`, report.status, 'succeeded');
  const statuses = Object.entries(stats?.statuses ?? {}).map(([status, times]) => `${times} × ${status}`);
  const requests = sum(report.streams.map((stream) => stream.requests));
  findings.same(`${run}: answers of the lab`, statuses.join(', '), `${requests} × 200`);
  findings.atLeast(`${run}: checks`, report.checks.length, report.tables.length);
  findings.same(`${run}: failed checks`, report.checks.filter(({ passed }) => !passed).length, 0);
  const lost = report.tables.map(({ blocked, filtered, nulled }) => blocked + filtered + nulled);
  findings.same(`${run}: values or rows left out`, sum(lost), 0);
}

/** A cursor that stops between two of them could lose one. */
function sharedTimes(records: readonly ShopRecord[]): number {
  const times = new Map<string, number>();
  for (const { updatedAt } of records) times.set(updatedAt, (times.get(updatedAt) ?? 0) + 1);
  return sum([...times.values()].filter((count) => count > 1));
}

/** The records that a window from the cursor less its lookback holds. */
function sinceCursor(all: ShopRecords, early: ShopRecords): ShopRecords {
  const since = (stream: keyof ShopRecords): readonly ShopRecord[] => {
    const cursor = early[stream].reduce((last, { updatedAt }) => (updatedAt > last ? updatedAt : last), '');
    const from = new Date(Date.parse(cursor) - lookbackMs).toISOString().replace('.000Z', 'Z');
    return all[stream].filter(({ updatedAt }) => updatedAt >= from);
  };
  return { invoices: since('invoices'), customers: since('customers'), products: since('products') };
}

/** Every stream reads exactly the records it should: all at first, then those of its window. */
function lookAtReads(findings: Findings, run: string, report: RunReport, expected: ShopRecords): void {
  const streams = Object.keys(expected) as (keyof ShopRecords)[];
  for (const stream of streams) {
    const read = report.streams.find((one) => one.stream === `shop.${stream}`);
    findings.same(`${run}: ${stream} read`, read?.received ?? 0, expected[stream].length);
  }
}

/** A run that reads what changed costs a fraction of the requests of one that reads all. */
function lookAtCost(findings: Findings, report: RunReport, all: ShopRecords, pageRecords: number): void {
  const fullRead = Object.values(all).map((of: readonly ShopRecord[]) => Math.ceil(of.length / pageRecords));
  const requests = sum(report.streams.map((stream) => stream.requests));
  findings.atMost('second run: requests, half of a full read', requests, Math.floor(sum(fullRead) / 2));
}

const rowsOf = (report: RunReport, mapping: string): TableReport | undefined =>
  report.tables.find((table) => table.mapping === mapping);

/** Invoices and lines of the last days are new; customers and products of before that bought or were sold are changed. */
function lookAtChanges(
  findings: Findings,
  report: RunReport,
  lines: readonly RetailLine[],
  { cutoff }: AcceptanceOptions,
): void {
  const early = lines.filter(({ invoiceDate }) => invoiceDate < cutoff);
  const late = lines.filter(({ invoiceDate }) => invoiceDate >= cutoff);
  const compare = (mapping: string, keyOf: (line: RetailLine) => string | null): void => {
    const before = new Set(early.map(keyOf));
    const after = [...new Set(late.map(keyOf))].filter((key) => key !== null);
    const changed = after.filter((key) => before.has(key)).length;
    const rows = rowsOf(report, mapping);
    findings.same(`second run: ${mapping} inserted`, rows?.inserted ?? 0, after.length - changed);
    findings.same(`second run: ${mapping} updated`, rows?.updated ?? 0, changed);
  };
  compare('invoices', ({ invoiceNo }) => invoiceNo);
  compare('customers', ({ customerId }) => customerId);
  compare('products', ({ stockCode }) => stockCode);
  findings.same('second run: lines inserted', rowsOf(report, 'invoice_lines')?.inserted ?? 0, late.length);
  findings.same('second run: lines updated', rowsOf(report, 'invoice_lines')?.updated ?? 0, 0);
}
