import type { Coverage, CoveredPoints, MappingCoverage } from '../model/coverage.ts';

/** How much of a project was seen to happen. */
export function coverageOf(
  mappings: readonly { readonly mapping: string; readonly points: readonly string[] }[],
  seen: ReadonlyMap<string, CoveredPoints>,
): Coverage {
  const found = mappings.map(({ mapping, points }): MappingCoverage => {
    const missing = points.filter((point) => seen.get(mapping)?.has(point) !== true);
    return { mapping, points: points.length, covered: points.length - missing.length, missing };
  });
  const points = found.reduce((sum, one) => sum + one.points, 0);
  const covered = found.reduce((sum, one) => sum + one.covered, 0);
  const percent = points === 0 ? 100 : Math.floor((covered * 100) / points);
  return { mappings: found, points, covered, percent };
}
