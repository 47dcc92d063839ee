import { parentPort, workerData } from 'node:worker_threads';
import type { PageFailure } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import { unpacked } from './map/bodies/unpack.ts';
import type { Wanted } from './map/bodies/zip.ts';
import { compileStream, type Enrichment, type ParsedPage, type StreamMapper } from './map/map.ts';
import { pagePacker } from './map/pack.ts';
import type { LookedUp, WorkerAnswer, WorkerSetup, WorkerTask } from './protocol.ts';
import { transferable } from './transferable.ts';

/** A mapping worker: parses and maps pages off the main thread. */
const setup = workerData as WorkerSetup;
const port = parentPort;
assert(port, 'worker.ts runs as a worker thread');

const packer = pagePacker(setup.pageKey);
const programs = new Map(setup.programs.map((program) => [program.id, program]));
const mappers = new Map<string, StreamMapper>(
  setup.programs.map(({ id, stream, mappings, unstaged = [] }) => [
    id,
    compileStream(stream, mappings, setup.piiKey, {
      packer,
      unstaged,
      forgotten: setup.forgotten,
      tokenised: setup.tokenised === true,
    }),
  ]),
);

/** A page that waits for what was asked for. */
interface Waiting {
  readonly mapper: StreamMapper;
  readonly parsed: ParsedPage;
  readonly enrichment: Enrichment;
  readonly page: number;
}

const waiting = new Map<number, Waiting>();

const isFailure = (value: object): value is PageFailure => 'transient' in value;

async function perform(task: WorkerTask | LookedUp): Promise<void> {
  if (!('program' in task)) return goOn(task);
  const mapper = mappers.get(task.program);
  assert(mapper, `the worker knows ${task.program}`);
  if (task.parents) return parents(mapper, task);
  await (task.kept ? remap(mapper, task) : map(mapper, task));
}

async function map(mapper: StreamMapper, received: WorkerTask): Promise<void> {
  const { task, page, program, body: packed, zipped, ...window } = received;
  const body = await unpacked(packed, wantedOf(program));
  if (isFailure(body)) return answer({ task, failure: body });
  const read = mapper.read(body, window);
  if (isFailure(read)) return answer({ task, failure: read });
  answer({ task, facts: read.facts });
  const parsed = zipped === undefined || read.body !== packed ? read : { ...read, zipped };
  const enrichment = mapper.enrich?.(parsed);
  if (enrichment === undefined) return mapParsed(mapper, task, parsed, { page });
  if (isFailure(enrichment)) return answer({ task, failure: enrichment });
  waiting.set(task, { mapper, parsed, enrichment, page });
  answer({ task, asks: enrichment.asks });
}

/** What of a file that is an archive is wanted. */
function wantedOf(program: string): Wanted {
  const { stream, bytesMax } = programs.get(program) ?? {};
  const entry = stream?.body?.zipEntry;
  return { place: program, bytesMax: bytesMax ?? defaultBytesMax, ...(entry !== undefined && { entry }) };
}

const defaultBytesMax = 64 * 1024 * 1024;

async function goOn({ task, replies }: LookedUp): Promise<void> {
  const page = waiting.get(task);
  waiting.delete(task);
  if (page === undefined || replies === undefined) return;
  page.enrichment.apply(replies);
  await mapParsed(page.mapper, task, page.parsed, { page: page.page, enriched: true });
}

async function mapParsed(
  mapper: StreamMapper,
  task: number,
  parsed: ParsedPage,
  context: { readonly page: number; readonly enriched?: boolean },
): Promise<void> {
  const mapped = await mapper.map(parsed, context);
  if (isFailure(mapped)) return answer({ task, failure: mapped });
  answer({ task, mapped }, [mapped.body, ...mapped.rows.map(({ lines }) => lines)]);
}

async function remap(mapper: StreamMapper, { task, page, body }: WorkerTask): Promise<void> {
  const rows = await mapper.remap(body, { page });
  answer(isFailure(rows) ? { task, failure: rows } : { task, remapped: rows });
}

function parents(mapper: StreamMapper, { task, page, body }: WorkerTask): void {
  const found = mapper.parents(body, { page });
  answer(isFailure(found) ? { task, failure: found } : { task, parents: found });
}

/** `bytes` are handed over, not copied. */
const answer = (message: WorkerAnswer, bytes: readonly Uint8Array[] = []): void =>
  port.postMessage(message, transferable(bytes));

port.on('message', (task: WorkerTask | LookedUp) => {
  perform(task).catch((error: unknown) => {
    answer({
      task: task.task,
      crash: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  });
});
