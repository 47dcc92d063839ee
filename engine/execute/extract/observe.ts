import type { LimitPlan, ObservePlan } from '../../model/plan.ts';
import type { BoundLimit, Observation } from '../../model/ports.ts';
import { type Advertised, advertised, type Reading } from './rate-limit-fields.ts';
import type { Reply } from './reply.ts';
import { countAt, countOf } from './reply-values.ts';
import { apiNowMs, timeAt, timeMs } from './times.ts';

/** A header that is longer is no account of a limit. */
const headerMax = 8 * 1024;

/** Everything that a reply says of the limits that bound its request. What cannot be read is not said; nothing is thrown. */
export function observationsOf(
  bound: readonly BoundLimit[],
  reply: Reply,
  nowMs: number,
): readonly Observation[] {
  let fields: Advertised | undefined;
  const sole = soleUnobserved(bound);
  const claimed = new Set(bound.map(({ limit }) => limit.observe?.policy ?? limit.id));
  return bound.flatMap(({ limit, partition }) => {
    const { observe } = limit;
    if (observe?.poll !== undefined) return [];
    if (observe === undefined || observe.policy !== undefined) fields ??= advertised(reply);
    const reading = {
      ...(fields && standardReading(limit, fields, limit === sole, claimed)),
      ...(observe && readingOf(observe, reply, nowMs)),
    };
    return Object.keys(reading).length === 0 ? [] : [{ limit: limit.id, partition, ...reading }];
  });
}

/** What the reply of a poll says of a limit. */
export function polledObservation(
  { limit, partition }: BoundLimit,
  reply: Reply,
  nowMs: number,
): readonly Observation[] {
  const reading = limit.observe === undefined ? {} : readingOf(limit.observe, reply, nowMs);
  return Object.keys(reading).length === 0 ? [] : [{ limit: limit.id, partition, ...reading }];
}

/** What the reply says that its request cost, by limit. */
export function costsOf(bound: readonly BoundLimit[], reply: Reply): { readonly [limit: string]: number } {
  const costs = bound.flatMap(({ limit }): readonly (readonly [string, number])[] => {
    const cost = countAt(reply, limit.cost.actual);
    return cost === undefined ? [] : [[limit.id, cost]];
  });
  return Object.fromEntries(costs);
}

/** The limit that fields without a name can only mean: the one that nothing else is declared to tell of. */
function soleUnobserved(bound: readonly BoundLimit[]): LimitPlan | undefined {
  const unobserved = bound.filter(
    ({ limit }) => limit.observe === undefined && limit.shape.kind !== 'concurrency',
  );
  return unobserved.length === 1 ? unobserved[0]?.limit : undefined;
}

function standardReading(
  { id, observe }: LimitPlan,
  { policies, unnamed }: Advertised,
  sole: boolean,
  claimed: ReadonlySet<string>,
): Reading | undefined {
  if (observe !== undefined) return policies.get(observe.policy ?? '');
  const named = policies.get(id);
  if (named !== undefined || !sole) return named;
  const unclaimed = [...policies].filter(([name]) => !claimed.has(name));
  if (unclaimed.length > 1) return undefined;
  return unclaimed[0]?.[1] ?? unnamed;
}

function readingOf(observe: ObservePlan, reply: Reply, nowMs: number): Reading {
  const { match, used, limit, remaining, rate, reset } = observe;
  const matched = match === undefined ? {} : matchedReading(match, reply, nowMs);
  const told = {
    used: countAt(reply, used),
    capacity: countAt(reply, limit),
    remaining: countAt(reply, remaining),
    perSecond: countAt(reply, rate),
    resetMs: reset === undefined ? undefined : timeAt(reply, reset, nowMs),
  };
  return { ...matched, ...said(told) };
}

function matchedReading(
  { header, pattern, resetAs }: NonNullable<ObservePlan['match']>,
  reply: Reply,
  nowMs: number,
): Reading {
  const text = reply.header(header) ?? '';
  const groups = text.length > headerMax ? undefined : new RegExp(pattern).exec(text)?.groups;
  if (groups === undefined) return {};
  const { used, limit, remaining, rate, reset } = groups as { [group: string]: string | undefined };
  return said({
    used: countOf(used),
    capacity: countOf(limit),
    remaining: countOf(remaining),
    perSecond: countOf(rate),
    resetMs: resetAs === undefined ? undefined : timeMs(reset, resetAs, apiNowMs(reply, nowMs)),
  });
}

/** Nothing is left of a capacity or a rate of 0, so that one is never true: it means that there is none, or no limit. */
function said(values: { readonly [name in keyof Reading]: number | undefined }): Reading {
  const entries = Object.entries(values).filter(
    ([name, value]) => value !== undefined && (value > 0 || (name !== 'capacity' && name !== 'perSecond')),
  );
  return Object.fromEntries(entries);
}
