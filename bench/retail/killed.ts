import { join } from 'node:path';
import { audit, startRun } from '../faults/command.ts';
import type { StagingPlace } from '../faults/staging-place.ts';
import type { Ended } from '../support/ended.ts';
import { Findings } from '../support/findings.ts';
import { serveLab } from '../support/lab.ts';
import { seeded } from '../support/seeded.ts';
import type { Acceptance, AcceptanceOptions } from './acceptance.ts';
import { expectedTotals } from './expected.ts';
import { readRetailLines } from './lines.ts';
import { makeProject, writeLabData } from './project.ts';
import { type ShopRecords, shopRecords } from './shop-records.ts';
import { compareWithFile, sameTotals, warehouseTotals } from './warehouse.ts';

export interface KilledOptions extends AcceptanceOptions {
  readonly place: StagingPlace;
  readonly seed: number;
}

/** Where runs die, and the greatest number of times that they may have come there: which time it is, chance decides. */
const deaths = {
  first: [
    ['request answered', 40],
    ['staging: INSERT INTO page_rows ended', 20],
    ['staging.commit ended', 8],
    ['request ended', 30],
    ['staging: COMMIT begins', 20],
    ['staging.check begins', 4],
    ['warehouse: INSERT INTO retail.invoice_lines ended', 1],
    ['warehouse: COMMIT ended', 2],
  ],
  second: [
    ['request answered', 5],
    ['warehouse: MERGE INTO retail.customers ended', 1],
    ['warehouse: COMMIT begins', 2],
    ['staging.markLoaded begins', 2],
  ],
} as const;

const runsMax = 3;
/** Pages that a kill finds on their way, at most: of three streams, each with four that are mapped and one that is asked for. */
const inFlightMax = 3 * 5;

/** The acceptance of a year of transactions, with twelve kills: everything is there in the end as if there had been none. */
export async function acceptKilled(options: KilledOptions): Promise<Acceptance> {
  const { file, folder, place, cutoff, pageRecords } = options;
  const findings = new Findings();
  const lines = await readRetailLines(file);
  const random = seeded(options.seed);
  makeProject(folder, pageRecords, { staging: place.declare(folder) });
  await place.make(folder);
  try {
    const early = lines.filter(({ invoiceDate }) => invoiceDate < cutoff);
    await killedRuns(options, findings, 'first', shopRecords(lines, cutoff), random);
    sameTotals(findings, 'after the first run', await warehouseTotals(pathOf(folder)), expectedTotals(early));
    await killedRuns(options, findings, 'second', shopRecords(lines), random);
    const totals = await warehouseTotals(pathOf(folder));
    sameTotals(findings, 'in the end', totals, expectedTotals(lines));
    await compareWithFile(pathOf(folder), file, findings);
    const { status, accounted_percent: percent } = await audit(folder, place.env(folder));
    findings.same('etl audit', status, 'accounted');
    findings.same('accounted for, %', percent, 100);
    return { findings, totals };
  } finally {
    await place.remove(folder);
  }
}

const pathOf = (folder: string): string => join(folder, '.etl/warehouse.duckdb');

/** Lets runs die one after the other, and one come to its end. */
async function killedRuns(
  { folder, place, pageRecords }: KilledOptions,
  findings: Findings,
  phase: keyof typeof deaths,
  records: ShopRecords,
  random: () => number,
): Promise<void> {
  writeLabData(folder, records);
  const lab = await serveLab(folder);
  const url = lab.sources.get('shop') ?? lab.url;
  const env = { SHOP_URL: url, SHOP_KEY: 'lab-SHOP_KEY', ...place.env(folder) };
  try {
    for (const [boundary, most] of deaths[phase]) {
      const killAt = `${boundary} ${1 + Math.floor(random() * most)}`;
      const { signal } = await startRun(folder, env, { killAt }).ended;
      findings.same(`${phase} run, killed at ${killAt}`, String(signal), 'SIGKILL');
    }
    findings.same(`${phase} run: exit code`, (await lastRun(folder, env)).code ?? -1, 0);
  } finally {
    const { requests = 0, statuses = {} } = (await lab.stop())['shop'] ?? {};
    const pages = Object.values(records).map((of: readonly unknown[]) => Math.ceil(of.length / pageRecords));
    const all = pages.reduce((sum, of) => sum + of, 0);
    findings.atMost(`${phase} run: requests`, requests, all + deaths[phase].length * inFlightMax);
    findings.same(`${phase} run: answers of 200`, statuses['200'] ?? 0, requests);
  }
}

/** Runs until a run succeeds, a few times. */
async function lastRun(folder: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  for (let run = 1; ; run += 1) {
    const ended = await startRun(folder, env).ended;
    if (ended.code === 0 || run === runsMax) return ended;
  }
}
