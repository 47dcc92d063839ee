import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { count, tableText } from '../engine/report/table.ts';
import { etlRun } from './support/etl.ts';
import { rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';

const folder = join(packageFolder, '.etl/bench/files');
const mebibyte = 1024 * 1024;
/** Rows that are written at once. */
const rowsPerWrite = 10_000;

interface FilesRun {
  readonly megabytes: number;
  readonly records: number;
  readonly seconds: number;
  readonly memory_mb: number;
  readonly cpu_s: number;
}

const rowOf = (at: number): string =>
  `${at},customer ${at % 9973},${(at % 99_999) / 100},2026-01-01T00:00:00Z,a note about order ${at}\n`;

/** Writes a CSV of so many megabytes; gives how many rows it has. */
async function writeCsv(path: string, megabytes: number): Promise<number> {
  const stream = createWriteStream(path);
  stream.write('id,customer,price,at,note\n');
  let [rows, bytes] = [0, 0];
  while (bytes < megabytes * mebibyte) {
    const text = Array.from({ length: rowsPerWrite }, (_, at) => rowOf(rows + at)).join('');
    rows += rowsPerWrite;
    bytes += text.length;
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  return rows;
}

/** Serves one file, to whoever asks for anything. */
async function serveFile(path: string): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': statSync(path).size, 'content-type': 'text/csv' });
    createReadStream(path).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function makeProject(project: string, origin: string): void {
  const files = {
    'etl.yml': 'kind: project\nname: files\n',
    'sources/exports.yml': `kind: source
name: exports
connector: files
baseUrl: ${origin}
streams:
  orders:
    request: {path: /orders.csv}
    format: csv
    primaryKey: [id]
`,
    'mappings/orders.yml': `kind: mapping
name: orders
from: exports.orders
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  customer: {from: customer, type: string}
  price: {from: price, type: "decimal(18,2)"}
  at: {from: at, type: timestamp}
  note: {from: note, type: string}
`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(project, name, '..'), { recursive: true });
    writeFileSync(join(project, name), text);
  }
}

async function filesRun(megabytes: number): Promise<FilesRun> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const csv = join(folder, 'orders.csv');
  const records = await writeCsv(csv, megabytes);
  const server = await serveFile(csv);
  try {
    const project = join(folder, 'project');
    makeProject(project, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { report, elapsedMs, peakBytes, cpuSeconds } = await etlRun(project, []);
    const received = report.streams.reduce((sum, one) => sum + one.received, 0);
    if (received !== records) throw new Error(`${received} records came of ${records}`);
    return {
      ...{ megabytes, records, seconds: rounded(elapsedMs / 1000, 1) },
      memory_mb: Math.round(peakBytes / mebibyte),
      cpu_s: rounded(cpuSeconds, 1),
    };
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const tableOf = (runs: readonly FilesRun[]): string =>
  tableText(
    ['MB', 'records', 'seconds', 'records/s', 'peak MB', 'cpu s'],
    runs.map(({ megabytes, records, seconds, memory_mb, cpu_s }) => [
      ...[String(megabytes), count(records), seconds.toFixed(1), count(Math.round(records / seconds))],
      ...[String(memory_mb), cpu_s.toFixed(1)],
    ]),
    [true, true, true, true, true, true],
  );

/** What a large file at a URL takes, beside one of a tenth: memory must not grow with it. */
export async function files(args: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: { megabytes: { type: 'string', default: '300' } },
  });
  const megabytes = Number(values.megabytes);
  if (!Number.isSafeInteger(megabytes) || megabytes < 10)
    throw new Error('--megabytes is a whole number, 10 or more');
  const small = await filesRun(Math.round(megabytes / 10));
  const large = await filesRun(megabytes);
  return {
    table: tableOf([small, large]),
    runs: [small, large],
    figures: {
      megabytes,
      records_per_s: Math.round(large.records / large.seconds),
      memory_mb: large.memory_mb,
      small_memory_mb: small.memory_mb,
    },
  };
}
