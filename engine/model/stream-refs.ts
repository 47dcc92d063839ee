import type { ExtractStep, MappingPlan, Plan, RemapStep, StreamPlan, SweepStep } from './plan.ts';
import type { StreamRef } from './state-port.ts';
import { backfillOf, declaredName } from './sweep.ts';

/** The streams that a plan reads or maps again, each once, with all mappings that the plan makes of them. */
export function streamRefs({ steps, mappings }: Plan): readonly StreamRef[] {
  const found = new Map<string, StreamRef>();
  for (const step of steps) {
    if (step.kind !== 'extract' && step.kind !== 'sweep' && step.kind !== 'remap') continue;
    for (const { source, account, name } of readStreams(step).flatMap(withBackfill)) {
      const full = `${source}.${name}`;
      const readers = Object.values(mappings).filter((mapping) => streamsOf(mapping).includes(full));
      const children = childrenOf(steps, { source, account, name });
      found.set(`${full} ${account}`, {
        ...{ source, account, name },
        mappings: readers.map((one) => one.name),
        ...(children.length > 0 && { children }),
      });
    }
  }
  return [...found.values()];
}

/** Names of streams that are read for each record of one. */
const childrenOf = (
  steps: Plan['steps'],
  { source, account, name }: Pick<StreamPlan, 'source' | 'account' | 'name'>,
): readonly string[] =>
  steps
    .flatMap((step) => (step.kind === 'extract' ? [step.stream] : []))
    .filter((one) => one.source === source && one.account === account && one.parent?.stream === name)
    .map((one) => one.name);

/** What was read of it in earlier backfills is kept, too. */
const withBackfill = (stream: StreamPlan): readonly Pick<StreamPlan, 'source' | 'account' | 'name'>[] =>
  stream.cursor === undefined || declaredName(stream.name) !== stream.name
    ? [stream]
    : [stream, { ...stream, name: backfillOf(stream.name) }];

/** The stream that a step reads, and ours that lists what it no longer has. */
export function readStreams(step: ExtractStep | SweepStep | RemapStep): readonly StreamPlan[] {
  if (step.kind === 'sweep') return [step.stream, step.gone];
  const gone = step.kind === 'extract' ? step.replaces?.gone : undefined;
  return gone === undefined ? [step.stream] : [step.stream, gone];
}

/** All streams that a mapping is made of: its own, with what is read of it once more, and those that say what is gone. */
export const streamsOf = ({ stream, versionedBy, deletes }: MappingPlan): readonly string[] => [
  stream,
  ...(versionedBy === undefined ? [] : [backfillOf(stream)]),
  ...(deletes?.sweep === undefined ? [] : [deletes.sweep.stream]),
  ...(deletes?.streams ?? []).map((one) => one.stream),
];
