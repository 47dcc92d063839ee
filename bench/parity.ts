import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ParityReport, TableParity } from '../engine/model/parity.ts';
import { count, tableText } from '../engine/report/table.ts';
import { type Peer, type Planted, reladiff } from './parity-reladiff.ts';
import { etl } from './support/etl.ts';
import { rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';

const folder = join(packageFolder, '.etl/bench/parity');

const fileOf = (name: string): string => readFileSync(join(packageFolder, 'bench/parity', name), 'utf8');

const planted: readonly Planted[] = fileOf('plant.sql')
  .split('\n---\n')
  .map((sql) => ({ what: /^-- (.*)$/m.exec(sql)?.[1] ?? '', sql }));

async function inWarehouse(
  name: string,
  statements: readonly string[],
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, `${name}.duckdb`));
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const sql of statements) await connection.run(sql, sql.includes('$') ? values : undefined);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

interface Compared {
  readonly seconds: number;
  readonly code: number;
  readonly report: ParityReport;
  readonly table: TableParity;
}

/** `etl parity` of the two environments, as a user runs it. */
async function compared(): Promise<Compared> {
  const args = ['parity', '-p', folder, '--against', 'production', '--samples', '1000', '--json'];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [etl, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number]>]);
  const seconds = (performance.now() - startedMs) / 1000;
  const { result: report } = JSON.parse(stdout) as { result: ParityReport };
  const [table] = report.tables;
  if (table === undefined) throw new Error(`etl parity ended with ${code} and compared nothing`);
  return { seconds, code, report, table };
}

/** Whether the report names a difference: its kind, its key and its columns. */
function isCaught({ samples, schema }: TableParity, { what }: Planted): boolean {
  const [kind = '', of = '', columns = ''] = what.split(' ');
  if (schema.some((one) => one.kind === kind && one.column === of)) return true;
  return samples.some(
    (one) =>
      one.kind === kind &&
      one.key['id'] === of &&
      one.columns.map(({ column }) => column).join(',') === columns,
  );
}

function optionsOf(args: readonly string[]): { readonly rows: number; readonly peer: string | undefined } {
  const { values } = parseArgs({
    args: [...args],
    options: { rows: { type: 'string', default: '1000000' }, reladiff: { type: 'string' } },
  });
  const rows = Number(values.rows);
  // The planted differences are in rows up to 124.
  if (Number.isSafeInteger(rows) && rows >= 1000) return { rows, peer: values.reladiff };
  throw new Error('--rows is a whole number of at least 1000');
}

/**
 * Two warehouses with the same rows in another order: a comparison must be green, by checksums alone. Then differences of
 * each kind are planted in one of them: each must be named, by its key and its columns.
 */
export async function parity(args: readonly string[]): Promise<BenchResult> {
  const { rows, peer } = optionsOf(args);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/parity/project'), folder, { recursive: true });
  const fill = fileOf('fill.sql').split('\n---\n');
  const filled = (name: string, run: string, more: readonly string[] = []): Promise<void> =>
    inWarehouse(name, [...fill, ...more], { run, rows: String(rows) });
  for (const run of ['dev', 'production']) await filled(run, run);
  const equal = await compared();
  if (equal.code !== 0) throw new Error(`equal tables are a ${equal.report.verdict}`);
  await inWarehouse(
    'production',
    planted.map(({ sql }) => sql),
  );
  const red = await compared();
  const other =
    peer === undefined
      ? undefined
      : await reladiff(
          peer,
          folder,
          (name, more) => filled(name, name === 'left' ? 'dev' : 'production', more),
          planted,
        );
  rmSync(folder, { recursive: true, force: true });
  const caught = planted.filter((one) => red.code === 5 && isCaught(red.table, one));
  const missed = planted.filter((one) => !caught.includes(one)).map(({ what }) => what);
  const sheet = sheetOf(equal, red);
  const more = [
    ...(missed.length === 0 ? [] : [`MISSED: ${missed.join('; ')}`]),
    ...(other === undefined ? [] : [peerText(other)]),
  ];
  return {
    table: [sheet, ...more].join('\n\n'),
    runs: [
      ...[equal, red].map(({ seconds, report }) => ({ seconds: rounded(seconds, 2), report })),
      ...(other === undefined ? [] : [{ reladiff: other }]),
    ],
    figures: {
      rows,
      seconds: rounded(equal.seconds, 1),
      rows_transferred: equal.table.read.rows,
      planted: planted.length,
      caught: caught.length,
    },
  };
}

function sheetOf(equal: Compared, red: Compared): string {
  const line = (name: string, { seconds, report, table }: Compared): readonly string[] => [
    name,
    count(table.rows.left),
    seconds.toFixed(1),
    count(table.read.segments),
    count(table.read.keys),
    count(table.read.rows),
    report.verdict,
  ];
  const head = ['tables', 'rows', 'seconds', 'segments', 'hashes of keys', 'rows read', 'verdict'];
  return tableText(
    head,
    [line('equal', equal), line('planted', red)],
    head.map((_, at) => at > 0 && at < 6),
  );
}

const peerText = ({ version, seconds, verdict, missed }: Peer): string =>
  [
    `reladiff ${version}: equal tables are ${verdict}, in ${seconds.toFixed(1)} s; each planted difference alone:`,
    ...(missed.length === 0 ? ['all are named'] : missed.map(({ what, said }) => `missed ${what}: ${said}`)),
  ].join('\n');
