import { compileSource } from '../../engine/compile/source.ts';
import { compileStream } from '../../engine/compile/stream.ts';
import type * as config from '../../engine/model/config.ts';
import type { SourcePlan, StreamPlan } from '../../engine/model/plan.ts';

/** A source with one stream `orders`, as a project would declare it. */
const sourceConfig = (
  stream: Partial<config.Stream> = {},
  source: Partial<config.Source> = {},
): config.Source => ({
  kind: 'source',
  name: 'shop',
  baseUrl: 'https://api.example/v1',
  streams: { orders: { request: { path: '/orders' }, records: 'orders', primaryKey: ['id'], ...stream } },
  ...source,
});

/** Its stream as a plan has it. */
export const streamPlan = (
  stream: Partial<config.Stream> = {},
  mappings: readonly config.Mapping[] = [],
): StreamPlan => {
  const declared = sourceConfig(stream);
  return compileStream(declared, 'orders', declared.streams['orders'] as config.Stream, mappings);
};

export const sourcePlan = (source: Partial<config.Source> = {}): SourcePlan =>
  compileSource(sourceConfig({}, source));
