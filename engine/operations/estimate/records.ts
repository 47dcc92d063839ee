import { cursorValue } from '../../model/batch.ts';
import type { RangeHistory, StreamHistory, WindowRecord } from '../../model/estimate.ts';
import type { BackfillPlan, CursorPlan, StreamPlan } from '../../model/plan.ts';
import { spanOf } from './recent.ts';

/** Incremental windows that are looked at. */
const windowsMax = 8;

/** How many times longer than the time that is known the time since may be, where records keep coming. */
const stretchMax = 10;

export type Records = { readonly records: number; readonly basis: string } | { readonly unknown: string };

/** How many records the next window of a stream will bring, from what the last ones have. */
export function expectedRecords(stream: StreamPlan, history: StreamHistory, nowMs: number): Records {
  const { open, windows } = history;
  const [last] = windows;
  if (open === undefined) return newWindow(stream, history, nowMs);
  // The window that is open is the last one; what it has brought so far is not asked for again.
  if (last === undefined || last.ended) return { unknown: 'what an open window has read is not kept' };
  if (last.total !== undefined)
    return rest(last, { records: last.total, basis: `the API has announced ${text(last.total)} records` });
  const before = { ...history, windows: windows.slice(1) };
  const whole = newWindow(stream, before, Date.parse(last.startedAt));
  if (!('unknown' in whole)) return rest(last, whole);
  return {
    unknown: `a window is open after ${text(last.pages)} pages, and the API does not say how many there are`,
  };
}

/** How many records a range has: those that are staged with their newest version in it. */
export function expectedInRange({ sliceMs }: BackfillPlan, { range, open, windows }: StreamHistory): Records {
  const { slices = [], records, mapping, unknown } = range ?? {};
  if (records === undefined) return { unknown: unknown ?? 'nothing of it is staged' };
  const isCut = slices.length > 1 && sliceMs !== undefined ? ` in ${text(slices.length)} slices` : '';
  const all = records.reduce((sum, one) => sum + one, 0);
  const basis = `the rows of ${mapping} that are staged: ${text(all)} records in the range${isCut}`;
  const size = Math.max(0, ...windows.map(({ largest }) => largest));
  const read = Math.min(records[0] ?? 0, (open?.pages ?? 0) * size);
  return {
    records: all - read,
    basis: read === 0 ? basis : `${basis}, of which about ${text(read)} are read`,
  };
}

function rest(last: WindowRecord, { records, basis }: Extract<Records, { readonly basis: string }>): Records {
  return {
    records: Math.max(0, records - last.records),
    basis: `${basis}, of which ${text(last.records)} are read`,
  };
}

function newWindow(stream: StreamPlan, history: StreamHistory, nowMs: number): Records {
  const { cursor } = stream;
  const { cursor: at, windows, range } = history;
  const done = windows.filter(({ ended }) => ended);
  if (cursor === undefined || at === undefined) return listing(windows, cursor);
  const passes = passesOf(done, cursor);
  if (passes.length > 0) return incremental(passes, done, nowMs, cursor);
  const [only] = done;
  if (only === undefined) return { unknown: 'no window of it was read to its end' };
  if (range?.records !== undefined) return sinceFirst(only, range, nowMs);
  const why = range?.unknown === undefined ? '' : ` (${range.unknown})`;
  return { unknown: `it was read once: how much comes between two runs shows after the next${why}` };
}

/** As many records as had come in the time before the one read that there was; the one at the cursor comes again. */
function sinceFirst({ startedAt }: WindowRecord, { records = [] }: RangeHistory, nowMs: number): Records {
  const [older = 0, recent = 0, again = 0] = records;
  if (older === 0 && recent > 0)
    return { unknown: 'it was read once, longer ago than its records went back then' };
  const perMs = recent / spanOf(startedAt, nowMs);
  return {
    records: Math.round(perMs * (nowMs - Date.parse(startedAt)) + again + 1),
    basis: `the times of its records: ${text(perMs * 3_600_000)} an hour before it was read, ${text(again + 1)} read again`,
  };
}

/** Everything is read: as much as when it was read last. */
function listing(windows: readonly WindowRecord[], cursor: CursorPlan | undefined): Records {
  const same = windows.filter(({ from }) => from === cursor?.start);
  const whole = same.find(({ ended }) => ended);
  if (whole !== undefined)
    return {
      records: Math.max(whole.records, whole.total ?? 0),
      basis: `its whole listing had ${text(whole.records)} records in run ${whole.run}`,
    };
  const total = same.find((window) => window.total !== undefined)?.total;
  if (total !== undefined)
    return { records: total, basis: `the API has announced ${text(total)} records before` };
  return { unknown: 'it was not read before, and nothing says how much there is' };
}

/** A window that went on where the one before had ended. */
interface Pass {
  readonly window: WindowRecord;
  /** From the start of the window before to its own. */
  readonly elapsedMs: number;
  /** Records that were not there at the window before. */
  readonly fresh: number;
}

function passesOf(done: readonly WindowRecord[], cursor: CursorPlan): readonly Pass[] {
  return done.slice(0, windowsMax).flatMap((window, at): readonly Pass[] => {
    const before = done[at + 1];
    if (before === undefined || window.from === undefined || window.from === cursor.start) return [];
    const elapsedMs = Date.parse(window.startedAt) - Date.parse(before.startedAt);
    return elapsedMs > 0 ? [{ window, elapsedMs, fresh: fresh(window, before, cursor) }] : [];
  });
}

/** What a window has read again is the record at the cursor, and what lies in the lookback at the density of the whole of it. */
function fresh(window: WindowRecord, before: WindowRecord, cursor: CursorPlan): number {
  if (window.reached === before.reached) return 0;
  const [from, to] = [instantMs(before.reached, cursor), instantMs(window.reached, cursor)];
  if (from === undefined || to === undefined || to <= from) return window.records;
  return (Math.max(0, window.records - 1) * (to - from)) / (to - from + cursor.lookbackMs);
}

/** As many new records in a time as lately, and what is read again. */
function incremental(
  passes: readonly Pass[],
  done: readonly WindowRecord[],
  nowMs: number,
  cursor: CursorPlan,
): Records {
  const elapsedMs = passes.reduce((sum, pass) => sum + pass.elapsedMs, 0);
  const perMs = passes.reduce((sum, pass) => sum + pass.fresh, 0) / elapsedMs;
  const [last] = passes;
  const sinceMs = nowMs - Date.parse(done[0]?.startedAt ?? '');
  if (perMs > 0 && sinceMs > elapsedMs * stretchMax)
    return { unknown: 'it was not read for much longer than there is between the runs that are known' };
  const again = last === undefined || last.fresh > 0 ? 1 + perMs * cursor.lookbackMs : last.window.records;
  const runs = passes.length === 1 ? 'the last run' : `the last ${passes.length} runs`;
  const hour = perMs * 3_600_000;
  return {
    records: Math.round(perMs * sinceMs + again),
    basis: `${runs}: ${text(hour)} new records an hour, ${text(again)} read again`,
  };
}

function instantMs(cursor: string | undefined, { type }: CursorPlan): number | undefined {
  if (cursor === undefined || type !== 'timestamp') return undefined;
  const ms = Date.parse(String(cursorValue(type, cursor)));
  return Number.isNaN(ms) ? undefined : ms;
}

const text = (value: number): string =>
  value.toLocaleString('en-US', value >= 10 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 2 });
