import { streamName } from '../model/accounts.ts';
import type { LoadedWindow, StreamFreshness, Took } from '../model/freshness.ts';
import type { CursorType, Plan } from '../model/plan.ts';
import type { Runs, StreamRef } from '../model/state-port.ts';
import { streamRefs } from '../model/stream-refs.ts';
import { declaredName } from '../model/sweep.ts';

/** How far back records are looked at. */
const lookedAtMs = 24 * 60 * 60_000;
/** Windows of a stream that are looked at: a day of one every 30 seconds. */
const windowsMax = 3000;
/** Moments at which the records of a window are taken to have come, evenly. */
const momentsPerWindow = 50;

/** How fresh the tables of each stream of a plan are, by the ledger. */
export async function freshnessOf(
  plan: Plan,
  runs: Pick<Runs, 'loadedWindows'>,
  nowMs: number,
): Promise<readonly StreamFreshness[]> {
  const found: StreamFreshness[] = [];
  for (const ref of streamRefs(plan)) {
    // What a sweep finds gone has no moment at which it came.
    if (declaredName(ref.name) !== ref.name) continue;
    const windows = await runs.loadedWindows(ref, windowsMax);
    found.push(streamFreshness(plan, ref, windows, nowMs));
  }
  return found;
}

/** Windows: oldest first. */
function streamFreshness(
  plan: Plan,
  ref: StreamRef,
  windows: readonly LoadedWindow[],
  nowMs: number,
): StreamFreshness {
  const { account } = ref;
  const stream = streamName(ref);
  const sloMs = plan.schedules?.find((one) => one.stream === stream && one.account === account)?.sloMs;
  const whole = windows.findLast(({ ended, loadedAt }) => ended && loadedAt !== undefined);
  const ageMs = whole && Math.max(0, nowMs - Date.parse(whole.startedAt));
  const took = tookOf(windows, cursorType(plan, stream, account), nowMs);
  return {
    ...{ stream, account },
    ...(sloMs !== undefined && { sloMs }),
    ...(whole && { asOf: whole.startedAt }),
    ...(ageMs !== undefined && { ageMs }),
    isLate: sloMs !== undefined && ageMs !== undefined && ageMs > sloMs,
    ...(took && { took }),
  };
}

const cursorType = ({ steps }: Plan, stream: string, account: string): CursorType | undefined => {
  const step = steps.find(
    (one) => one.kind === 'extract' && streamName(one.stream) === stream && one.stream.account === account,
  );
  return step?.kind === 'extract' ? step.stream.cursor?.type : undefined;
};

/** Records of one window that came between two moments, and when they were loaded. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly loadedMs: number;
  readonly records: number;
}

function tookOf(
  windows: readonly LoadedWindow[],
  cursor: CursorType | undefined,
  nowMs: number,
): Took | undefined {
  const spans = spansOf(windows, cursor).filter(({ loadedMs }) => nowMs - loadedMs <= lookedAtMs);
  const samples = spans
    .flatMap(({ fromMs, toMs, loadedMs, records }) =>
      Array.from({ length: momentsPerWindow }, (_, at) => ({
        ms: Math.max(0, loadedMs - (fromMs + ((at + 0.5) / momentsPerWindow) * (toMs - fromMs))),
        weight: records / momentsPerWindow,
      })),
    )
    .sort((one, other) => one.ms - other.ms);
  if (samples.length === 0) return undefined;
  const records = spans.reduce((sum, span) => sum + span.records, 0);
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => quantile(samples, records * share));
  return { records, p50Ms: p50Ms ?? 0, p95Ms: p95Ms ?? 0, p99Ms: p99Ms ?? 0 };
}

interface Sample {
  readonly ms: number;
  readonly weight: number;
}

/** The sample behind which so much of the weight lies; least first. */
function quantile(samples: readonly Sample[], weight: number): number {
  let left = weight;
  const found = samples.find((sample) => {
    left -= sample.weight;
    return left <= 0;
  });
  return Math.round((found ?? samples.at(-1))?.ms ?? 0);
}

/**
 * When the records of each window can have come: since the one before, by their cursors where those are times, otherwise by
 * when the API was asked. The first window brings the past, which nobody could have loaded sooner.
 */
function spansOf(windows: readonly LoadedWindow[], cursor: CursorType | undefined): readonly Span[] {
  let before: number | undefined;
  return windows.flatMap((window): readonly Span[] => {
    const toMs = cameBy(window, cursor);
    const fromMs = before;
    if (toMs === undefined) return [];
    before = Math.max(toMs, before ?? toMs);
    if (fromMs === undefined || toMs <= fromMs || window.loadedAt === undefined) return [];
    const { records, loadedAt } = window;
    return records === 0 ? [] : [{ fromMs, toMs, loadedMs: Date.parse(loadedAt), records }];
  });
}

function cameBy({ reached, startedAt }: LoadedWindow, cursor: CursorType | undefined): number | undefined {
  if (cursor !== 'timestamp') return Date.parse(startedAt);
  return reached === undefined ? undefined : Date.parse(reached);
}
