import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RunReport } from '../engine/model/run-report.ts';
import type { ServeReport } from '../engine/model/serve-report.ts';
import { tableText } from '../engine/report/table.ts';
import { etl, etlRun, labFolder } from './support/etl.ts';
import { serveLab } from './support/lab.ts';
import { rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';
import { warehouseRow } from './support/warehouse-row.ts';

const folder = join(packageFolder, '.etl/bench/serve/project');
/** One record in each of these. */
const everySeconds = 1;
const outageSeconds = 24 * 60 * 60;

/** Records come one by one, the first of them a day ago; before they come nobody sees them. */
const sourceYml = (records: number, startMs: number): string => `kind: source
name: shop
baseUrl: https://shop.example/api
budget:
  limits:
    - {id: account, bucket: {rate: 10/s, burst: 5}}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: link_header, size: 250}
    cursor: {field: updated_at, lookback: 10s, from: {query: since}}
    schedule: every 30s
    freshness: {slo: 1m}
    lab:
      live: true
      generate:
        records: ${records}
        record:
          id: {gen: sequence, start: 1}
          total: {gen: decimal, min: 5, max: 500, scale: 2, as: string}
          updated_at: {gen: timestamp, start: "${new Date(startMs).toISOString()}", step: ${everySeconds}s}
`;

/** Serves for so long, and gives its report. */
async function served(labUrl: string, minutes: number): Promise<ServeReport> {
  const args = [etl, 'serve', '--project', folder, '--lab-url', labUrl, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = text(child.stdout as NonNullable<ChildProcess['stdout']>);
  const exited = once(child, 'exit');
  await Promise.race([setTimeout(minutes * 60_000), exited]);
  child.kill('SIGINT');
  const [code] = await exited;
  if (code !== 130) throw new Error(`etl serve ended with code ${code}:\n${await printed}`);
  return (JSON.parse(await printed) as { result: ServeReport }).result;
}

/** Reports of the runs that were served, in order. */
function runsSince(startedAt: string): readonly RunReport[] {
  const runs = join(folder, '.etl/runs');
  return readdirSync(runs)
    .map((run) => JSON.parse(readFileSync(join(runs, run, 'report.json'), 'utf8')) as RunReport)
    .filter((run) => run.startedAt >= startedAt)
    .sort((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
}

const secondsOf = ({ startedAt, finishedAt }: RunReport): number =>
  (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;

const receivedOf = ({ streams }: RunReport): number =>
  streams.reduce((sum, { received }) => sum + received, 0);

function minutesOf(args: readonly string[]): number {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  if (minutes >= 1) return minutes;
  throw new Error('--minutes is a number of at least 1');
}

/**
 * `etl serve` with `schedule: every 30s` against the lab, in real time, after a day in which nothing ran: how long the one run
 * takes that catches up, and how fresh records are from then on, as the warehouse’s own columns say.
 */
export async function serve(args: readonly string[]): Promise<BenchResult> {
  const minutes = minutesOf(args);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packageFolder, 'bench/serve/project'), folder, { recursive: true });
  const source = join(folder, 'sources/shop.yml');
  const startMs = Date.now() - outageSeconds * 1000;
  // What is applied is the structure; of the records there is only the first, as it was a day ago.
  writeFileSync(source, sourceYml(1, startMs));
  await etlRun(folder, ['--lab']);
  const records = Math.ceil((outageSeconds + (minutes + 5) * 60) / everySeconds);
  writeFileSync(source, sourceYml(records, startMs));
  const lab = await serveLab(folder);
  const report = await served(lab.url, minutes);
  const { shop } = await lab.stop();
  const runs = runsSince(report.startedAt).filter(({ status }) => status === 'succeeded');
  const [catchUp] = [...runs].sort((one, other) => receivedOf(other) - receivedOf(one));
  if (catchUp === undefined) throw new Error('no run succeeded');
  const since = catchUp.finishedAt;
  const warehouse = join(labFolder(folder), 'warehouse.duckdb');
  const exact = await warehouseRow(warehouse, 'bench/serve/took.sql', { since });
  const figure = (name: string): number => rounded(Number(exact[name]), 1);
  const ledger = report.streams[0]?.took;
  rmSync(join(packageFolder, '.etl/bench/serve'), { recursive: true, force: true });
  const figures = {
    ...{ p50_s: figure('p50_s'), p95_s: figure('p95_s'), p99_s: figure('p99_s') },
    catch_up_s: rounded(secondsOf(catchUp), 1),
    runs: report.runs,
    throttled: shop?.statuses['429'] ?? 0,
  };
  const rows = [
    ['records since then, by the warehouse', String(exact['records'])],
    ['p50, p95, p99, worst in s', ['p50_s', 'p95_s', 'p99_s', 'worst_s'].map(figure).join(', ')],
    ['records caught up', String(receivedOf(catchUp))],
    ['catching up took s', String(figures.catch_up_s)],
    ['runs, of which failed', `${report.runs}, ${report.failed}`],
    ['responses of status 429', String(figures.throttled)],
  ];
  return {
    table: tableText(['what', 'found'], rows, [false, true]),
    runs: [{ minutes, worst_s: figure('worst_s'), records: Number(exact['records']), ledger, report }],
    figures,
  };
}
