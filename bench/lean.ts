import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DuckDBInstance } from '@duckdb/node-api';
import { Agent, request } from 'undici';
import type { LeanPage } from './lean-worker.ts';
import { packageFolder } from './support/package-folder.ts';

/**
 * The honest limit: what the same pages cost a program that was written for this one table and keeps no account of
 * anything. `lean.js BASE_URL FOLDER` leaves FOLDER/lean.duckdb; prints what it did as one JSON object.
 */

const workersCount = 2;
/** As many pages on their way as the engine allows. */
const pagesAheadMax = 4;

class Mapper {
  readonly #worker: Worker;
  pages = 0;
  records = 0;

  constructor(csv: string, done: () => void) {
    this.#worker = new Worker(new URL('./lean-worker.js', import.meta.url), { workerData: csv });
    this.#worker.on('message', (records: number) => {
      this.pages -= 1;
      this.records += records;
      done();
    });
  }

  map(page: LeanPage): void {
    this.pages += 1;
    this.#worker.postMessage(page, [page.body]);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

const nextUrl = (link: string | string[] | undefined): string | undefined =>
  /<([^>]*)>; rel="next"/.exec(String(link ?? ''))?.[1];

/** One request at a time, as long as there is a next link, while the workers map the pages before. */
async function extract(base: string, folder: string): Promise<{ pages: number; records: number }> {
  const agent = new Agent();
  let mapped = (): void => {};
  const mappers = Array.from(
    { length: workersCount },
    (_, at) => new Mapper(join(folder, `${at}.csv`), () => mapped()),
  );
  const ahead = (): number => mappers.reduce((sum, { pages }) => sum + pages, 0);
  const settle = async (most: number): Promise<void> => {
    while (ahead() > most) {
      await new Promise<void>((resolve) => {
        mapped = resolve;
      });
    }
  };
  let pages = 0;
  let url: string | undefined = `${base}/orders?limit=250`;
  while (url !== undefined) {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      headers: { accept: 'application/json', 'accept-encoding': 'gzip, br, deflate' },
    });
    const bytes = await body.arrayBuffer();
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${Buffer.from(bytes).toString()}`);
    await settle(pagesAheadMax - 1);
    mappers
      .toSorted((a, b) => a.pages - b.pages)[0]
      ?.map({ body: bytes, zipped: headers['content-encoding'] === 'gzip' });
    pages += 1;
    url = nextUrl(headers['link']);
  }
  await settle(0);
  const records = mappers.reduce((sum, mapper) => sum + mapper.records, 0);
  await Promise.all([agent.close(), ...mappers.map((mapper) => mapper.close())]);
  return { pages, records };
}

async function load(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, 'lean.duckdb'), {
    memory_limit: '256MiB',
    threads: '2',
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  const statement = (name: string): string =>
    readFileSync(join(packageFolder, `bench/storefront/${name}.sql`), 'utf8');
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(statement('create'));
  await connection.run(statement('merge'), { files: join(folder, '*.csv') });
  connection.closeSync();
  instance.closeSync();
}

const [base = '', folder = ''] = process.argv.slice(2);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const startedMs = performance.now();
const extracted = await extract(base, folder);
const extractedMs = performance.now();
await load(folder);
const loadedMs = performance.now();
process.stdout.write(
  `${JSON.stringify({ ...extracted, extractMs: extractedMs - startedMs, loadMs: loadedMs - extractedMs })}\n`,
);
