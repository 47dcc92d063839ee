import { httpDateMs } from './times.ts';

/** APIs send `Retry-After: 0` and mean "soon"; obeying it at once was measured to be refused again and again. */
const floorMs = 1000;
const ceilingMs = 24 * 60 * 60 * 1000;

/**
 * Milliseconds that a `Retry-After` header asks for: seconds (decimals as well) or an HTTP date, which is compared with
 * the API's own clock. Never shortened, never below a floor, at most a day. Undefined when there is none that can be read.
 */
export function retryAfterMs(header: string | undefined, apiNow: number): number | undefined {
  const text = header?.trim() ?? '';
  const instant = httpDateMs(text);
  const ms = /^\d+(?:\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : instant === undefined
      ? undefined
      : instant - apiNow;
  return ms === undefined ? undefined : Math.min(Math.max(Math.ceil(ms), floorMs), ceilingMs);
}
