import type { Path, PathSegment } from '../../model/plan.ts';
import { ExactNumber } from './exact-json.ts';

/** A record, or an element of one: a parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed value is an object: no array, no number. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

/** Reads one value of a parsed JSON value; `undefined` where there is none. */
export type Reader = (value: unknown) => unknown;

/**
 * Compiles a path to code, whatever its root: own properties only, so that `__proto__` and `constructor` are data
 * like any other key. A path with `*` or `[*]` names no single value and reads `undefined`.
 */
export function compilePath(path: Path): Reader {
  if (path.segments.some((segment) => 'any' in segment)) return () => undefined;
  const steps = path.segments.map(
    (segment) => `if (value === null || typeof value !== 'object') return undefined; ${step(segment)}`,
  );
  // The text is made of JSON literals only: a key can never become code.
  return new Function('hasOwn', `return (value) => { ${steps.join('\n')} return value; };`)(hasOwn) as Reader;
}

function step(segment: PathSegment): string {
  const key = 'index' in segment ? String(segment.index) : 'key' in segment ? segment.key : '';
  const name = JSON.stringify(key);
  if (!isInherited(key)) return `value = value[${name}];`;
  return `if (!hasOwn(value, ${name})) return undefined; value = value[${name}];`;
}

/** Plain reads are four times faster, and safe where no prototype of a parsed value has the key. */
const isInherited = (key: string): boolean => key in ExactNumber.prototype || key in Array.prototype;

const hasOwn = (value: object, key: string): boolean => !Array.isArray(value) && Object.hasOwn(value, key);
