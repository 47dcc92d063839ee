import type { Coverage } from '../model/coverage.ts';

/** What nobody has tested, mapping by mapping. */
export function coverageText({ mappings, points, covered, percent }: Coverage): string {
  const lines = mappings.flatMap(({ mapping, missing, ...one }) => [
    `  ${mapping}: ${one.covered} of ${one.points}`,
    ...missing.map((point) => `      not seen: ${point}`),
  ]);
  return [`coverage: ${covered} of ${points} points, ${percent} %`, ...lines].join('\n');
}
