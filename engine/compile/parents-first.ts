import type { StreamPlan } from '../model/plan.ts';

/** In the same order, but for streams that are read for each record of another one: they come behind it. */
export function parentsFirst(streams: ReadonlyMap<string, StreamPlan>): ReadonlyMap<string, StreamPlan> {
  const depth = ({ source, parent }: StreamPlan): number => {
    const above = parent && streams.get(`${source}.${parent.stream}`);
    return above === undefined ? 0 : 1 + depth(above);
  };
  return new Map([...streams].sort(([, a], [, b]) => depth(a) - depth(b)));
}
