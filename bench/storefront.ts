import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { count, tableText } from '../engine/report/table.ts';
import {
  againstLab,
  leanRun,
  type OrdersRun,
  ordersRun,
  partsText,
  stepSeconds,
} from './storefront/orders-run.ts';
import { makeProject } from './storefront/project.ts';
import { assertSameTables } from './storefront/same-tables.ts';
import { labFolder, runEtl } from './support/etl.ts';
import { median, rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';

const folder = join(packageFolder, '.etl/bench/storefront');
const project = join(folder, 'project');
const leanFolder = join(folder, 'lean');

interface Run extends OrdersRun {
  readonly round: number;
  readonly program: 'engine' | 'lean';
}

async function engineRun(records: number): Promise<OrdersRun> {
  rmSync(join(project, '.etl'), { recursive: true, force: true });
  const done = await againstLab({ project, records }, (lab) => runEtl(project, lab.url));
  return ordersRun(records, done, stepSeconds(project, done.report.run));
}

const of = (
  runs: readonly Run[],
  program: Run['program'],
  key: 'records_per_s' | 'memory_mb' | 'cpu_s',
): number => median(runs.filter((run) => run.program === program).map((run) => run[key]));

function tableOf(runs: readonly Run[]): string {
  const rows = runs.map((run) => [
    String(run.round),
    run.program,
    run.seconds.toFixed(1),
    count(run.records_per_s),
    run.memory_mb.toFixed(0),
    run.cpu_s.toFixed(1),
    partsText(run.parts),
  ]);
  const medians = (['engine', 'lean'] as const).map((program) => [
    'median',
    program,
    '',
    count(Math.round(of(runs, program, 'records_per_s'))),
    of(runs, program, 'memory_mb').toFixed(0),
    of(runs, program, 'cpu_s').toFixed(1),
    '',
  ]);
  const head = ['round', 'program', 'seconds', 'records/s', 'peak MB', 'cpu s', 'of which'];
  return tableText(head, [...rows, ...medians], [false, false, true, true, true, true, false]);
}

function optionsOf(args: readonly string[]): { rounds: number; records: number } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      records: { type: 'string', default: '1000000' },
    },
  });
  const options = { rounds: Number(values.rounds), records: Number(values.records) };
  if (Object.values(options).every((value) => Number.isSafeInteger(value) && value > 0)) return options;
  throw new Error('--rounds and --records are whole numbers of at least 1');
}

/**
 * Records per second from an API to a warehouse table, and the memory that takes, beside lean.ts in the same run. The two
 * take turns, so that what else the machine does hits both; both tables must be the same at the end of every round.
 */
export async function storefront(args: readonly string[]): Promise<BenchResult> {
  const { rounds, records } = optionsOf(args);
  makeProject(project, records);
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    runs.push({ round, program: 'engine', ...(await engineRun(records)) });
    runs.push({ round, program: 'lean', ...(await leanRun({ project, records }, leanFolder)) });
    await assertSameTables(join(labFolder(project), 'warehouse.duckdb'), join(leanFolder, 'lean.duckdb'));
  }
  rmSync(folder, { recursive: true, force: true });
  const speed = { engine: of(runs, 'engine', 'records_per_s'), lean: of(runs, 'lean', 'records_per_s') };
  return {
    table: tableOf(runs),
    runs,
    figures: {
      records_per_s: Math.round(speed.engine),
      lean_records_per_s: Math.round(speed.lean),
      ratio: rounded(speed.engine / speed.lean, 3),
      memory_mb: Math.round(of(runs, 'engine', 'memory_mb')),
    },
  };
}
