import { accountStream } from '../../model/accounts.ts';
import type { RunReport } from '../../model/run-report.ts';
import type { RunRecords, Runs, StreamRef } from '../../model/state-port.ts';
import { declaredName } from '../../model/sweep.ts';
import { median, medianStep } from './medians.ts';

/** How a stream's count of records stands beside those of its last runs. */
export interface RecordCount {
  /** `source.stream`. */
  readonly stream: string;
  readonly records: number;
  /** Of the runs before. */
  readonly median: number;
  /** What is usual around it. */
  readonly spread: number;
  /** In times of the spread; below 0 where there were fewer. */
  readonly deviation: number;
}

/** Runs that a count is compared with, at most and at least. */
const runsMax = 20;
const runsMin = 5;
/** The median of absolute deviations, times this, is the standard deviation of what varies by chance. */
const ofChance = 1.4826;
/** No count is expected to vary less than by this part of itself. */
const leastShare = 0.1;
/** A run after so much less of the usual time brings fewer records, and one after so much more of it brings more. */
const soonShare = 0.5;

/** Counts of the streams that a run has read to their end, as far as there are enough runs to compare them with. */
export async function recordCounts(
  streams: readonly StreamRef[],
  { run, streams: reports }: RunReport,
  runs: Pick<Runs, 'received'>,
): Promise<readonly RecordCount[]> {
  const found: RecordCount[] = [];
  for (const stream of streams) {
    // How much of a listing a sweep reads depends on the limits.
    if (declaredName(stream.name) !== stream.name) continue;
    const name = accountStream(stream);
    const report = reports.find((one) => one.stream === name);
    if (report?.status !== 'succeeded') continue;
    const [now, ...before] = await runs.received(stream, runsMax + 1);
    if (now?.run !== run || before.length < runsMin) continue;
    found.push({ stream: name, ...compared(now, before) });
  }
  return found;
}

/** `before`: newest first. */
function compared(now: RunRecords, before: readonly RunRecords[]): Omit<RecordCount, 'stream'> {
  const { records } = now;
  const counts = before.map((one) => one.records);
  const middle = median(counts);
  const usual = ofChance * median(counts.map((count) => Math.abs(count - middle)));
  const spread = Math.max(usual, leastShare * middle, Math.sqrt(middle), 1);
  const deviation = (records - middle) / spread;
  return {
    records,
    median: middle,
    spread,
    deviation: isToBeExpected(deviation, now, before) ? 0 : deviation,
  };
}

/** Whether the time since the run before explains that there are fewer records, or more. */
function isToBeExpected(deviation: number, now: RunRecords, before: readonly RunRecords[]): boolean {
  const times = [now, ...before].map(({ startedAt }) => Date.parse(startedAt));
  const [latest = 0, last = 0, ...older] = times;
  const [since, usual] = [latest - last, medianStep([last, ...older])];
  return deviation < 0 ? since < usual * soonShare : since > usual / soonShare;
}
