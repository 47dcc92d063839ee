import { accountStream, streamName } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import { perMinute } from '../model/pace.ts';
import type {
  CursorPlan,
  ExtractStep,
  MappingPlan,
  StreamPlan,
  SweepPlan,
  SweepStep,
} from '../model/plan.ts';
import { readAnew } from '../model/stream-cursor.ts';
import { goneOf, sweepOf } from '../model/sweep.ts';
import { parseDuration, parsePercent } from '../model/units.ts';
import { compileBudget } from './budget.ts';

/** A sweep as `deletes` of a stream declares it. */
export function compileSweep(
  source: config.Source,
  stream: string,
  { every = '24h', share = '5%', threshold = '10%' }: config.Deletes,
): SweepPlan {
  const rates = compileBudget(source).limits.flatMap(({ shape }) => perMinute(shape) ?? []);
  return {
    stream: sweepOf(`${source.name}.${stream}`),
    everyMs: parseDuration(every),
    threshold: parsePercent(threshold),
    ...(rates.length > 0 && { pagesPerMinute: Math.min(...rates) * parsePercent(share) }),
  };
}

/**
 * The sweep of a stream; none where no mapping learns of deletes this way. So many accounts `sharing` a budget share what
 * sweeps may use of it.
 */
export function sweepSteps(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  sharing: number,
): readonly SweepStep[] {
  const full = streamName(stream);
  const swept = mappings.filter((mapping) => mapping.stream === full && mapping.deletes?.sweep !== undefined);
  const sweep = swept[0]?.deletes?.sweep;
  if (sweep === undefined) return [];
  const names = swept.map(({ name }) => name);
  return [
    {
      kind: 'sweep',
      id: `sweep ${accountStream(stream)}`,
      reason: `what the whole listing no longer has is gone from ${names.join(', ')}`,
      ...sweptStreams(stream, swept[0]?.versionedBy),
      sweep:
        sweep.pagesPerMinute === undefined || sharing === 1
          ? sweep
          : { ...sweep, pagesPerMinute: sweep.pagesPerMinute / sharing },
      mappings: names,
    },
  ];
}

/** What of a stream takes rows away at the end of each listing; nothing where no mapping is replaced by it. */
export function replacing(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
): Pick<ExtractStep, 'replaces'> {
  const full = streamName(stream);
  const replaced = mappings.filter(({ stream: read, deletes }) => read === full && deletes?.listing);
  if (replaced.length === 0) return {};
  return { replaces: { gone: gone(stream, undefined), mappings: replaced.map(({ name }) => name) } };
}

/** The streams of a sweep: the whole listing, and what it finds gone. `kind` is the kind of cursor that its mappings go by. */
export const sweptStreams = (
  stream: StreamPlan,
  kind: string | undefined,
): Pick<SweepStep, 'stream' | 'gone'> => ({ stream: listing(stream), gone: gone(stream, kind) });

/** The stream as a first run reads it. Its rows are staged like others: what an incremental run has missed is found, too. */
function listing({ cache: _, ...stream }: StreamPlan): StreamPlan {
  return { ...readAnew(stream), name: sweepOf(stream.name), priority: 'low' };
}

/** A stream of our own: its pages are kept like others, so that they can be mapped again. */
function gone({ source, account, name, pagesMax, weight }: StreamPlan, kind: string | undefined): StreamPlan {
  const cursor: CursorPlan | undefined =
    kind === undefined
      ? undefined
      : { field: at(kind), type: 'string', format: 'iso', lookbackMs: 0, ends: false };
  return {
    source,
    account,
    name: goneOf(name),
    request: { method: 'GET', path: '', query: {}, headers: {} },
    partitions: [{}],
    records: { root: 'record', segments: [] },
    primaryKey: [at('record')],
    paginate: { type: 'none' },
    ...(cursor && { cursor }),
    pagesMax,
    weight,
    priority: 'low',
    lookups: [],
    shape: { asked: '', paging: '' },
    privacy: [],
  };
}

const at = (key: string) => ({ root: 'record', segments: [{ key }] }) as const;
