import type { PageFailure } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import { unpacked } from './map/bodies/unpack.ts';
import type { Wanted } from './map/bodies/zip.ts';
import { compileStream, type Enrichment, type ParsedPage, type StreamMapper } from './map/map.ts';
import { type Packer, pagePacker } from './map/pack.ts';
import type { LookedUp, Program, WorkerAnswer, WorkerSetup, WorkerTask } from './protocol.ts';
import { transferable } from './transferable.ts';

/** Told what an answer holds that can be handed over instead of copied. */
export type Tell = (answer: WorkerAnswer, bytes: ArrayBuffer[]) => void;

/** A page that waits for what was asked for. */
interface Waiting {
  readonly mapper: StreamMapper;
  readonly parsed: ParsedPage;
  readonly enrichment: Enrichment;
  readonly page: number;
}

const isFailure = (value: object): value is PageFailure => 'transient' in value;

const defaultBytesMax = 64 * 1024 * 1024;

/** Parses and maps pages: in a thread of its own (see thread.ts), or on the main one while there are few. */
export class PageWorker {
  readonly #setup: WorkerSetup;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #mappers = new Map<string, StreamMapper>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #tell: Tell;
  /** A key of pages takes long to make of its text. */
  #packer: Packer | undefined;

  constructor(setup: WorkerSetup, tell: Tell) {
    this.#setup = setup;
    this.#tell = tell;
    this.#programs = new Map(setup.programs.map((program) => [program.id, program]));
  }

  /** Performs a task, or goes on with one. Whatever comes of it is told. */
  perform(task: WorkerTask | LookedUp): Promise<void> {
    return this.#perform(task).catch((error: unknown) => {
      this.#answer({
        task: task.task,
        crash: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    });
  }

  async #perform(task: WorkerTask | LookedUp): Promise<void> {
    if (!('program' in task)) return this.#goOn(task);
    const mapper = this.#mapperOf(task.program);
    if (task.parents) return this.#parents(mapper, task);
    await (task.kept ? this.#remap(mapper, task) : this.#map(mapper, task));
  }

  /** Compiled by the first page that needs it. */
  #mapperOf(id: string): StreamMapper {
    const known = this.#mappers.get(id);
    if (known !== undefined) return known;
    const program = this.#programs.get(id);
    assert(program, `the worker knows ${id}`);
    const { pageKey, piiKey, forgotten, tokenised = false } = this.#setup;
    this.#packer ??= pagePacker(pageKey);
    const { stream, mappings, unstaged = [] } = program;
    const options = { packer: this.#packer, unstaged, forgotten, tokenised };
    const mapper = compileStream(stream, mappings, piiKey, options);
    this.#mappers.set(id, mapper);
    return mapper;
  }

  async #map(mapper: StreamMapper, received: WorkerTask): Promise<void> {
    const { task, page, program, body: packed, zipped, ...window } = received;
    const body = await unpacked(packed, this.#wantedOf(program));
    if (isFailure(body)) return this.#answer({ task, failure: body });
    const read = mapper.read(body, window);
    if (isFailure(read)) return this.#answer({ task, failure: read });
    this.#answer({ task, facts: read.facts });
    const parsed = zipped === undefined || read.body !== packed ? read : { ...read, zipped };
    const enrichment = mapper.enrich?.(parsed);
    if (enrichment === undefined) return this.#mapParsed(mapper, task, parsed, { page });
    if (isFailure(enrichment)) return this.#answer({ task, failure: enrichment });
    this.#waiting.set(task, { mapper, parsed, enrichment, page });
    this.#answer({ task, asks: enrichment.asks });
  }

  /** What of a file that is an archive is wanted. */
  #wantedOf(program: string): Wanted {
    const { stream, bytesMax } = this.#programs.get(program) ?? {};
    const entry = stream?.body?.zipEntry;
    return { place: program, bytesMax: bytesMax ?? defaultBytesMax, ...(entry !== undefined && { entry }) };
  }

  async #goOn({ task, replies }: LookedUp): Promise<void> {
    const page = this.#waiting.get(task);
    this.#waiting.delete(task);
    if (page === undefined || replies === undefined) return;
    page.enrichment.apply(replies);
    await this.#mapParsed(page.mapper, task, page.parsed, { page: page.page, enriched: true });
  }

  async #mapParsed(
    mapper: StreamMapper,
    task: number,
    parsed: ParsedPage,
    context: { readonly page: number; readonly enriched?: boolean },
  ): Promise<void> {
    const mapped = await mapper.map(parsed, context);
    if (isFailure(mapped)) return this.#answer({ task, failure: mapped });
    this.#answer({ task, mapped }, [mapped.body, ...mapped.rows.map(({ lines }) => lines)]);
  }

  async #remap(mapper: StreamMapper, { task, page, body }: WorkerTask): Promise<void> {
    const rows = await mapper.remap(body, { page });
    this.#answer(isFailure(rows) ? { task, failure: rows } : { task, remapped: rows });
  }

  #parents(mapper: StreamMapper, { task, page, body }: WorkerTask): void {
    const found = mapper.parents(body, { page });
    this.#answer(isFailure(found) ? { task, failure: found } : { task, parents: found });
  }

  /** `bytes` are handed over, not copied. */
  #answer(message: WorkerAnswer, bytes: readonly Uint8Array[] = []): void {
    this.#tell(message, transferable(bytes));
  }
}
