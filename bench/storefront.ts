import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StepResult } from '../engine/model/run-report.ts';
import { count, tableText } from '../engine/report/table.ts';
import { makeProject } from './storefront/project.ts';
import { assertSameTables } from './storefront/same-tables.ts';
import { labFolder, runEtl } from './support/etl.ts';
import { type LabServer, serveLab } from './support/lab.ts';
import { type Measured, measured } from './support/measured.ts';
import { median, megabytes, rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';

const leanScript = fileURLToPath(new URL('./lean.js', import.meta.url));
const folder = join(packageFolder, '.etl/bench/storefront');
const project = join(folder, 'project');
const leanFolder = join(folder, 'lean');
const pageRecords = 250;

interface Run {
  readonly round: number;
  readonly program: 'engine' | 'lean';
  readonly seconds: number;
  readonly records_per_s: number;
  readonly memory_mb: number;
  readonly cpu_s: number;
  /** Seconds of each part, by name. */
  readonly parts: { readonly [part: string]: number };
}

/** Runs a program against a lab of its own, and sees to it that the lab served every page once. */
async function againstLab<T>(records: number, work: (lab: LabServer) => Promise<T>): Promise<T> {
  const lab = await serveLab(project);
  let done: T;
  let stats: Awaited<ReturnType<LabServer['stop']>>;
  try {
    done = await work(lab);
  } finally {
    stats = await lab.stop();
  }
  const shop = stats['shop'];
  const pages = Math.max(1, Math.ceil(records / pageRecords));
  const served = JSON.stringify({ records: shop?.records, statuses: shop?.statuses });
  if (served === JSON.stringify({ records, statuses: { 200: pages } })) return done;
  throw new Error(`The lab was to serve ${records} records in ${pages} pages, and served ${served}.`);
}

/** Seconds of each step, as the run's artifacts have them. */
function stepSeconds(run: string): Run['parts'] {
  const steps = readFileSync(join(project, '.etl/runs', run, 'steps.ndjson'), 'utf8')
    .trim()
    .split('\n');
  const parts = steps.map((line) => {
    const { step, startedAt, finishedAt } = JSON.parse(line) as StepResult;
    return [step, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000] as const;
  });
  return Object.fromEntries(parts);
}

const runOf = (
  program: Run['program'],
  round: number,
  records: number,
  cost: Measured,
  parts: Run['parts'],
): Run => ({
  round,
  program,
  seconds: rounded(cost.elapsedMs / 1000, 3),
  records_per_s: Math.round(records / (cost.elapsedMs / 1000)),
  memory_mb: megabytes(cost.peakBytes),
  cpu_s: rounded(cost.cpuSeconds, 1),
  parts,
});

async function engineRun(round: number, records: number): Promise<Run> {
  rmSync(join(project, '.etl'), { recursive: true, force: true });
  const done = await againstLab(records, (lab) => runEtl(project, lab.url));
  return runOf('engine', round, records, done, stepSeconds(done.report.run));
}

async function leanRun(round: number, records: number): Promise<Run> {
  const done = await againstLab(records, (lab) =>
    measured(leanScript, [lab.sources.get('shop') ?? '', leanFolder]),
  );
  const { extractMs, loadMs } = JSON.parse(done.stdout) as { extractMs: number; loadMs: number };
  return runOf('lean', round, records, done, {
    extract: rounded(extractMs / 1000, 3),
    load: rounded(loadMs / 1000, 3),
  });
}

const of = (
  runs: readonly Run[],
  program: Run['program'],
  key: 'records_per_s' | 'memory_mb' | 'cpu_s',
): number => median(runs.filter((run) => run.program === program).map((run) => run[key]));

const partsText = (parts: Run['parts']): string =>
  Object.entries(parts)
    .map(([part, seconds]) => `${part} ${seconds.toFixed(1)} s`)
    .join(', ');

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
    runs.push(await engineRun(round, records));
    runs.push(await leanRun(round, records));
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
