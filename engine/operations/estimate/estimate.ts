import { accountStream } from '../../model/accounts.ts';
import type { Facts, PlanEstimate, StreamEstimate, StreamHistory } from '../../model/estimate.ts';
import type { ExtractStep, PaginatePlan, Plan, StreamPlan } from '../../model/plan.ts';
import { declaredName } from '../../model/sweep.ts';
import { permitsOf } from './copied.ts';
import { expectedForParents, type ForParents } from './parents.ts';
import { quotasOf } from './quotas.ts';
import { expectedInRange, expectedRecords } from './records.ts';
import { boundLimits, sharesOf, timesOf, type Workload } from './times.ts';
import { windowOf } from './window.ts';

const noHistory: StreamHistory = { windows: [], rowsPerRecord: new Map() };

/** A stream with what is expected of it, before its time is known. */
interface Sized {
  readonly step: ExtractStep;
  readonly history: StreamHistory;
  readonly estimate: StreamEstimate;
}

/**
 * What a run will ask for, how long that takes at the declared limits, and what of them it uses. A function of the plan and
 * of what staging knew when it was made; what the past does not say is unknown, with the reason.
 */
export function estimatePlan(plan: Plan, facts: Facts): PlanEstimate {
  const sized: Sized[] = [];
  // Parents come before their children in a plan.
  for (const step of plan.steps) {
    if (step.kind !== 'extract') continue;
    const history = facts.histories.get(accountStream(step.stream)) ?? noHistory;
    const above = sized.find((one) => isParent(one.step.stream, step.stream))?.estimate;
    sized.push({ step, history, estimate: sizeOf(plan, step, history, { nowMs: facts.nowMs, above }) });
  }
  const loads = sized.flatMap(({ step: { stream, backfill }, history, estimate }): readonly Workload[] => {
    if (estimate.expected === undefined) return [];
    const requests = permitsOf(plan, stream, estimate.expected.requests);
    const pace = backfill && { share: backfill.share };
    return [{ stream, requests, limits: boundLimits(plan, stream), history, ...pace }];
  });
  const times = timesOf(loads);
  const streams = sized.map(({ estimate }) => timed(estimate, times, loads));
  return { streams, quotas: quotasOf(plan, streams, facts) };
}

const isParent = ({ source, account, name }: StreamPlan, child: StreamPlan): boolean =>
  source === child.source && account === child.account && name === child.parent?.stream;

interface Around {
  readonly nowMs: number;
  /** What is expected of the stream of the parents, where it is read, too. */
  readonly above: StreamEstimate | undefined;
}

function sizeOf(plan: Plan, step: ExtractStep, history: StreamHistory, around: Around): StreamEstimate {
  const { stream } = step;
  const base = {
    stream: accountStream(stream),
    window: windowOf(step, history),
    ...(stream.lookups.length > 0 && { lookups: true as const }),
  };
  const found = requestsOf(step, history, around);
  if ('unknown' in found) return { ...base, unknown: found.unknown };
  const { records } = found;
  const rows = Object.values(plan.mappings).flatMap(({ name: mapping, stream: from }) => {
    const ratio = history.rowsPerRecord.get(mapping);
    return from !== `${stream.source}.${declaredName(stream.name)}` ||
      ratio === undefined ||
      records === undefined
      ? []
      : [[mapping, Math.round(records * ratio)] as const];
  });
  return {
    ...base,
    expected: {
      ...found,
      requests: Math.min(found.requests, stream.pagesMax),
      rows: Object.fromEntries(rows),
      minutes: 0,
      limits: [],
    },
  };
}

/** How many requests there will be, and how many records they bring. */
function requestsOf(
  step: ExtractStep,
  history: StreamHistory,
  { nowMs, above }: Around,
): ForParents | { readonly unknown: string } {
  const { stream, backfill } = step;
  const { parent } = stream;
  if (parent !== undefined) return expectedForParents({ ...stream, parent }, history, above);
  const found =
    backfill === undefined ? expectedRecords(stream, history, nowMs) : expectedInRange(backfill, history);
  if ('unknown' in found) return found;
  const requests = windowPages(step, history, found.records);
  return requests === undefined
    ? { unknown: 'how many records a page holds is not known: none was full yet' }
    : { ...found, requests };
}

/** Pages of what a step reads: each slice of a range has pages of its own. */
function windowPages(
  { stream, backfill }: ExtractStep,
  history: StreamHistory,
  records: number,
): number | undefined {
  const { records: slices } = history.range ?? {};
  if (backfill === undefined || slices === undefined) return pagesOf(stream, history, records);
  const { open: _, ...whole } = history;
  const pages = slices.map((one) => pagesOf(stream, whole, one));
  return pages.some((one) => one === undefined)
    ? undefined
    : Math.max(1, pages.reduce<number>((sum, one) => sum + (one ?? 0), 0) - (history.open?.pages ?? 0));
}

/** Pages for so many records. An empty listing is a page, too. */
function pagesOf(
  { paginate }: StreamPlan,
  { windows, open }: StreamHistory,
  records: number,
): number | undefined {
  if (paginate.type === 'none') return 1;
  const largest = Math.max(0, ...windows.map((window) => window.largest));
  const full = windows.filter(({ pages }) => pages > 1).map((window) => window.largest);
  // A provider may give fewer than it was asked for.
  const size = full.length > 0 ? Math.max(...full) : paginate.size;
  const end = records > 0 && endsEmpty(paginate, open !== undefined) ? 1 : 0;
  if (size !== undefined && size > 0) return end + Math.max(1, Math.ceil(records / size));
  return records <= largest ? end + 1 : undefined;
}

/** Whether a listing ends with an empty page: it is counted, and nothing tells how much there is. */
const endsEmpty = (paginate: PaginatePlan, isResumed: boolean): boolean =>
  (paginate.type === 'page' || paginate.type === 'offset') && (paginate.total === undefined || isResumed);

function timed(
  estimate: StreamEstimate,
  times: ReturnType<typeof timesOf>,
  loads: readonly Workload[],
): StreamEstimate {
  const time = times.get(estimate.stream);
  const load = loads.find(({ stream }) => accountStream(stream) === estimate.stream);
  if (estimate.expected === undefined || time === undefined || load === undefined) return estimate;
  const { minutes, decidedBy } = time;
  return {
    ...estimate,
    expected: {
      ...estimate.expected,
      minutes,
      ...(decidedBy !== undefined && { decidedBy }),
      limits: sharesOf(load, minutes),
    },
  };
}
