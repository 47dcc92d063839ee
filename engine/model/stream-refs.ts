import type { MappingPlan, Plan } from './plan.ts';
import type { StreamRef } from './state-port.ts';

/** The streams that a plan reads or maps again, each once, with all mappings that the plan makes of them. */
export function streamRefs({ steps, mappings }: Plan): readonly StreamRef[] {
  const found = new Map<string, StreamRef>();
  for (const step of steps) {
    if (step.kind !== 'extract' && step.kind !== 'sweep' && step.kind !== 'remap') continue;
    for (const { source, account, name } of step.kind === 'sweep'
      ? [step.stream, step.gone]
      : [step.stream]) {
      const full = `${source}.${name}`;
      const readers = Object.values(mappings).filter((mapping) => streamsOf(mapping).includes(full));
      found.set(`${full} ${account}`, { source, account, name, mappings: readers.map((one) => one.name) });
    }
  }
  return [...found.values()];
}

/** All streams that a mapping is made of: its own, and those that say what is gone. */
export const streamsOf = ({ stream, deletes }: MappingPlan): readonly string[] => [
  stream,
  ...(deletes?.sweep === undefined ? [] : [deletes.sweep.stream]),
  ...(deletes?.streams ?? []).map((one) => one.stream),
];
