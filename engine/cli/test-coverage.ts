import { pageRecords, pointsOf, pointsSeen } from '../engine.ts';
import { streamName } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import type { Coverage, CoveredPoints } from '../model/coverage.ts';
import type { MappingPlan, Plan, StreamPlan } from '../model/plan.ts';
import type { Recording } from '../model/recording.ts';
import { coverageOf } from '../operations/coverage.ts';

/** Makes tokens of what a recording holds in the clear; nothing of it is kept. */
const piiKey = 'coverage';

/** What of the mappings of a project its fixtures and recordings exercise. */
export async function testCoverage(
  plan: Plan,
  tests: readonly config.Test[],
  recordings: readonly Recording[],
): Promise<Coverage> {
  const mappings = Object.values(plan.mappings);
  const seen = new Map<string, CoveredPoints>();
  for (const mapping of mappings) {
    const fixtures = tests
      .filter((test) => test.mapping === mapping.name)
      .flatMap(({ cases }) => cases.flatMap(({ records }) => records));
    seen.set(mapping.name, await pointsSeen(mapping, [...fixtures, ...recorded(plan, mapping, recordings)]));
  }
  return coverageOf(
    mappings.map((mapping) => ({ mapping: mapping.name, points: pointsOf(mapping) })),
    seen,
  );
}

function recorded(plan: Plan, mapping: MappingPlan, recordings: readonly Recording[]): readonly unknown[] {
  const found = recordings.filter(({ stream }) => stream.split('@')[0] === mapping.stream);
  const stream = streamOf(plan, mapping.stream);
  if (stream === undefined) return [];
  const exchanges = found.flatMap((recording) => recording.exchanges);
  return exchanges.flatMap(({ body }) => {
    const page = pageRecords(stream, piiKey, Buffer.from(body));
    // A replay says why a page cannot be read.
    return 'transient' in page ? [] : page.records;
  });
}

export const streamOf = ({ steps }: Plan, name: string): StreamPlan | undefined =>
  steps
    .flatMap((step) => (step.kind === 'extract' ? [step.stream] : []))
    .find((stream) => streamName(stream) === name);
