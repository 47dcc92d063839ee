import type { StreamPlan } from '../model/plan.ts';

/** In the same order, but for streams that are read for each record of another one: they come behind it. */
export function parentsFirst(streams: Streams): Streams {
  const depth = ([stream]: readonly StreamPlan[]): number => {
    const above = stream?.parent && streams.get(`${stream.source}.${stream.parent.stream}`);
    return above === undefined ? 0 : 1 + depth(above);
  };
  return new Map([...streams].sort(([, a], [, b]) => depth(a) - depth(b)));
}

/** The streams of a plan by `source.stream`, of all accounts. */
export type Streams = ReadonlyMap<string, readonly StreamPlan[]>;
