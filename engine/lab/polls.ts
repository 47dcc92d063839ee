import type * as config from '../model/config.ts';
import { type Facts, left, usedUp } from './dialects/dialect.ts';
import { dialectOf } from './dialects/dialects.ts';

/**
 * Paths of the lab at which a source says how its limits stand: where its provider does, and where its limits ask.
 * `mount` stands for the base URL. A path that begins with `//` is one of the origin, which the lab knows by the
 * source's name.
 */
export function pollPaths(source: config.Source, mount: string): ReadonlySet<string> {
  const declared = (source.budget?.limits ?? []).flatMap(({ observe }) => observe?.poll?.path ?? []);
  const spoken = dialectOf(source).poll?.path;
  const origin = `/${source.name}`;
  const paths = declared.map((path) => (path.startsWith('//') ? origin + path.slice(1) : mount + path));
  return new Set(spoken === undefined ? paths : [...paths, mount + spoken, origin + spoken]);
}

/** How the limits stand, where no provider's own words are known. */
export const plainStandings = ({ limits, nowMs }: Facts): unknown => ({
  limits: Object.fromEntries(
    limits.map((limit) => [
      limit.id,
      {
        limit: limit.capacity,
        used: usedUp(limit),
        remaining: left(limit),
        reset: new Date(nowMs + limit.resetMs).toISOString(),
      },
    ]),
  ),
});
