import { accountStream } from '../model/accounts.ts';
import type { MappedRows } from '../model/batch.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Forgotten } from '../model/forget.ts';
import type { ExtractStep, Plan, StreamPlan } from '../model/plan.ts';
import type { ReplayedPage, ReplayPage, ReplayPages, ReplayProgram, ReplaySide } from '../model/replay.ts';
import { streamPool, type WorkerPool } from './worker-pool.ts';

export interface ReplayOptions {
  /** Pages of each stream, the newest. */
  readonly pagesMax: number;
  readonly nowMs: number;
  readonly forgotten?: Forgotten | undefined;
  readonly signal: AbortSignal;
}

interface Side {
  readonly side: ReplaySide;
  readonly streams: ReadonlyMap<string, StreamPlan>;
  readonly pool: WorkerPool;
}

/** Maps the same pages by every side, page by page. Nothing is fetched, and nothing kept. */
export async function* replayPages(
  programs: readonly ReplayProgram[],
  from: ReplayPages,
  { pagesMax, nowMs, forgotten, signal }: ReplayOptions,
): AsyncGenerator<ReplayedPage> {
  const sides = programs.map(
    ({ side, plan, references }): Side => ({
      side,
      streams: streamsIn(plan),
      pool: streamPool(plan, references, nowMs, forgotten),
    }),
  );
  const streams = new Map(sides.flatMap(({ streams: own }) => [...own]));
  try {
    for (const [name, stream] of streams) {
      for await (const page of from.pages(stream, pagesMax)) {
        signal.throwIfAborted();
        yield { stream: name, page: page.id, made: await madeOf(sides, name, page) };
      }
    }
  } finally {
    await Promise.all(sides.map(({ pool }) => pool.close()));
  }
}

const streamsIn = ({ steps }: Plan): ReadonlyMap<string, StreamPlan> =>
  new Map(
    steps
      .filter((step): step is ExtractStep => step.kind === 'extract')
      .map(({ stream }) => [accountStream(stream), stream]),
  );

async function madeOf(
  sides: readonly Side[],
  stream: string,
  { id, body }: ReplayPage,
): Promise<ReplayedPage['made']> {
  const made = sides
    .filter(({ streams }) => streams.has(stream))
    .map(async ({ side, pool }) => {
      // A worker takes the bytes it is given: each side has its own.
      const rows = await orFailure(pool.remap({ program: stream, page: id, body: Buffer.from(body) }));
      return [side, rows] as const;
    });
  return Object.fromEntries(await Promise.all(made));
}

const orFailure = (rows: Promise<readonly MappedRows[]>): Promise<readonly MappedRows[] | Diagnostic> =>
  rows.catch((error: unknown) => {
    if (!(error instanceof ExplainedError)) throw error;
    return error.diagnostic;
  });
