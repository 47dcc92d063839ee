import type { Plan } from './plan.ts';
import type { StreamRef } from './state-port.ts';

/** The streams that a plan reads or maps again, each once, with all mappings that the plan makes of them. */
export function streamRefs({ steps, mappings }: Plan): readonly StreamRef[] {
  const found = new Map<string, StreamRef>();
  for (const step of steps) {
    if (step.kind !== 'extract' && step.kind !== 'remap') continue;
    const { source, account, name } = step.stream;
    const full = `${source}.${name}`;
    const readers = Object.values(mappings).filter(({ stream }) => stream === full);
    found.set(`${full} ${account}`, { source, account, name, mappings: readers.map((one) => one.name) });
  }
  return [...found.values()];
}
