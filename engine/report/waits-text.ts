import type { FreezeStatus, Waiting } from '../model/ports.ts';
import { durationText } from '../model/units.ts';

const dayMs = 86_400_000;

/** An instant of about now: the time of day in UTC, with the date when it is another day's. */
export function clockText(ms: number, nowMs: number): string {
  const text = new Date(ms).toISOString();
  const sameDay = Math.floor(ms / dayMs) === Math.floor(nowMs / dayMs);
  return `${sameDay ? '' : `${text.slice(0, 10)} `}${text.slice(11, 19)}Z`;
}

/** Until when a freeze lasts, and why: `14:05:10Z (throttle: 429, says Retry-After 60)`. */
export function freezeText({ remainingMs, cause, reason }: FreezeStatus, nowMs: number): string {
  const why = reason === '' || reason === cause ? cause : `${cause}: ${reason}`;
  return `${freezeEnd(remainingMs, nowMs)} (${why})`;
}

function freezeEnd(remainingMs: number | undefined, nowMs: number): string {
  if (remainingMs === undefined || !Number.isFinite(remainingMs)) return 'somebody thaws it';
  if (remainingMs <= 0) return 'one request has gone well';
  return clockText(nowMs + remainingMs, nowMs);
}

/** What somebody waits for, and how long: `waiting 42.0 s for rest, 18.0 s more`. */
export function waitText({ sinceMs, boundBy, remainingMs, reason }: Waiting): string {
  const waited = sinceMs === undefined ? '' : ` ${durationText(sinceMs)}`;
  const why = reason === undefined ? '' : ` (frozen: ${reason})`;
  return `waiting${waited} ${forWhat(boundBy)}${rest(remainingMs)}${why}`;
}

function forWhat(boundBy: string): string {
  switch (boundBy) {
    case 'freeze':
      return 'until the budget is thawed';
    case 'turn':
      return 'for its turn';
    case 'store':
      return 'until Redis answers';
    default:
      return `for ${boundBy}`;
  }
}

function rest(remainingMs = 0): string {
  return remainingMs <= 0 || !Number.isFinite(remainingMs) ? '' : `, ${durationText(remainingMs)} more`;
}
