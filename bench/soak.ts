import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { count, tableText } from '../engine/report/table.ts';
import { PostgresSchema } from './soak/postgres-schema.ts';
import { makeSoakProject, type SoakMode } from './soak/project.ts';
import {
  againstLab,
  leanRun,
  type OrdersRun,
  ordersRun,
  partsText,
  stepSeconds,
} from './storefront/orders-run.ts';
import { assertSameTables } from './storefront/same-tables.ts';
import { etlRun } from './support/etl.ts';
import { rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult, Figures } from './support/results.ts';

const folder = join(packageFolder, '.etl/bench/soak');
const project = join(folder, 'project');
const leanFolder = join(folder, 'lean');
const schema = `soak_${process.pid}`;

interface Run extends OrdersRun {
  readonly program: SoakMode['name'] | 'lean';
  readonly records: number;
}

interface Options {
  /** Of the long run, and of the one that its memory is compared with. */
  readonly records: number;
  readonly before: number;
  readonly databaseUrl: string;
  readonly isChosen: (mode: SoakMode) => boolean;
}

/** Pages alone, typed rows in SQLite, and in PostgreSQL where there is one. */
const modesOf = ({ databaseUrl, isChosen }: Options): readonly SoakMode[] =>
  allModes(databaseUrl).filter(isChosen);

const allModes = (databaseUrl: string): readonly SoakMode[] => [
  { name: 'pages', staging: '{rows: false}' },
  { name: 'rows_sqlite', staging: '{dialect: sqlite}' },
  ...(databaseUrl === ''
    ? []
    : [
        {
          name: 'rows_postgres',
          staging: `{dialect: postgres, url: "\${env:SOAK_STAGING_URL}", schema: ${schema}}`,
        } as const,
      ]),
];

/** One run of the engine; its table is compared with that of lean, where that has read as many. */
async function engineRun(mode: SoakMode, records: number, options: Options): Promise<Run> {
  process.stderr.write(`${mode.name}, ${count(records)} records …\n`);
  makeSoakProject(project, records, mode);
  const postgres =
    mode.name === 'rows_postgres' ? new PostgresSchema(options.databaseUrl, schema) : undefined;
  try {
    const done = await againstLab({ project, records, gzip: true }, ({ sources }) =>
      etlRun(project, [], {
        SOAK_SHOP_URL: sources.get('shop') ?? '',
        SOAK_STAGING_URL: options.databaseUrl,
      }),
    );
    if (records === options.records)
      await assertSameTables(join(project, '.etl/warehouse.duckdb'), join(leanFolder, 'lean.duckdb'));
    const run = ordersRun(records, done, stepSeconds(project, done.report.run));
    return { program: mode.name, records, ...run };
  } finally {
    await postgres?.drop();
  }
}

async function lean(records: number, mode: SoakMode): Promise<Run> {
  process.stderr.write(`lean, ${count(records)} records …\n`);
  makeSoakProject(project, records, mode);
  return { program: 'lean', records, ...(await leanRun({ project, records, gzip: true }, leanFolder)) };
}

const microseconds = ({ cpu_s, records }: Run): number => (cpu_s * 1e6) / records;

function tableOf(runs: readonly Run[], limit: number): string {
  const head = [
    'program',
    'records',
    'seconds',
    'records/s',
    'of lean',
    'peak MB',
    'cpu µs/record',
    'of which',
  ];
  const rows = runs.map((run) => [
    run.program,
    count(run.records),
    run.seconds.toFixed(1),
    count(run.records_per_s),
    (run.records_per_s / limit).toFixed(2),
    run.memory_mb.toFixed(0),
    microseconds(run).toFixed(1),
    partsText(run.parts),
  ]);
  return tableText(head, rows, [false, true, true, true, true, true, true, false]);
}

/** What each stage costs, by the processor time of the long runs. */
function stagesOf(of: (program: Run['program']) => Run | undefined): string {
  const cost = (more: Run['program'], less: Run['program']): string => {
    const [one, other] = [of(more), of(less)];
    return one && other ? `${(microseconds(one) - microseconds(other)).toFixed(1)} µs` : 'not measured';
  };
  return [
    'A record costs, in processor time of the program that reads:',
    `  reading, mapping and loading it, and nothing else (lean): ${of('lean') ? microseconds(of('lean') as Run).toFixed(1) : '?'} µs`,
    `  checks, hashes, meta columns, the ledger and kept pages:  ${cost('pages', 'lean')}`,
    `  typed rows in SQLite:                                     ${cost('rows_sqlite', 'pages')}`,
    `  typed rows in PostgreSQL, less what its server does:      ${cost('rows_postgres', 'pages')}`,
  ].join('\n');
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      records: { type: 'string', default: '5000000' },
      before: { type: 'string', default: '1000000' },
      only: { type: 'string' },
    },
  });
  const [records, before] = [Number(values.records), Number(values.before)];
  if (![records, before].every((value) => Number.isSafeInteger(value) && value > 0) || before >= records)
    throw new Error(
      '--records and --before are whole numbers of at least 1, and --before is the smaller one',
    );
  const only = values.only?.split(',');
  return {
    records,
    before,
    databaseUrl: process.env['DATABASE_URL'] ?? '',
    isChosen: ({ name }) => only?.includes(name) ?? true,
  };
}

/**
 * A stream of millions of records in one run: its memory beside that of a shorter one, and its speed beside lean.ts in the
 * same run, with pages alone and with typed rows.
 */
export async function soak(args: readonly string[]): Promise<BenchResult> {
  const options = optionsOf(args);
  const { records, before } = options;
  const modes = modesOf(options);
  const [first] = modes;
  if (first === undefined) throw new Error('--only names pages, rows_sqlite or rows_postgres');
  const runs: Run[] = [await lean(records, first)];
  for (const mode of modes) runs.push(await engineRun(mode, before, options));
  for (const mode of modes) runs.push(await engineRun(mode, records, options));
  // Once more at the end: what else the machine does meanwhile hits the two of them as it hits the others.
  runs.push(await lean(records, first));
  rmSync(folder, { recursive: true, force: true });
  return { ...shown(runs, options), runs, figures: figuresOf(runs, options) };
}

const long =
  (runs: readonly Run[], { records }: Options) =>
  (program: Run['program']): Run | undefined =>
    runs.find((run) => run.program === program && run.records === records);

function limitOf(runs: readonly Run[]): number {
  const speeds = runs.filter(({ program }) => program === 'lean').map(({ records_per_s }) => records_per_s);
  return speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
}

const shown = (runs: readonly Run[], options: Options): Pick<BenchResult, 'table'> => ({
  table: `${tableOf(runs, limitOf(runs))}\n\n${stagesOf(long(runs, options))}`,
});

function figuresOf(runs: readonly Run[], options: Options): Figures {
  const limit = limitOf(runs);
  const of = long(runs, options);
  const peak = (records: number): number =>
    Math.max(
      ...runs.filter((run) => run.program !== 'lean' && run.records === records).map((run) => run.memory_mb),
    );
  const ratio = (program: Run['program']): Figures => {
    const run = of(program);
    return run === undefined ? {} : { [`ratio_${program}`]: rounded(run.records_per_s / limit, 3) };
  };
  return {
    records: options.records,
    memory_mb_at_1m: peak(options.before),
    memory_mb_at_5m: peak(options.records),
    records_per_s: of('rows_sqlite')?.records_per_s ?? 0,
    lean_records_per_s: Math.round(limit),
    ...ratio('pages'),
    ...ratio('rows_sqlite'),
    ...ratio('rows_postgres'),
  };
}
