import type { ByteSink } from './byte-sink.ts';
import { encoded } from './byte-sink.ts';

const dayMs = 86_400_000;
const colon = 58;
const point = 46;
const zulu = 90;

/**
 * Writes instants as ISO 8601 in UTC, `2026-01-31T08:15:00Z`, with milliseconds where `millis` says so.
 * It keeps the date of the day it wrote last: neighbours share it, and making dates is slow.
 */
export function instantWriter(millis: boolean): (sink: ByteSink, ms: number) => void {
  let day = Number.NaN;
  let date = encoded('');
  return (sink, ms) => {
    const today = Math.floor(ms / dayMs);
    if (today !== day) {
      day = today;
      date = encoded(new Date(today * dayMs).toISOString().slice(0, 11));
    }
    const rest = ms - today * dayMs;
    const minutes = Math.floor(rest / 60_000);
    sink.append(date);
    sink.digits(Math.floor(minutes / 60), 2);
    sink.byte(colon);
    sink.digits(minutes % 60, 2);
    sink.byte(colon);
    sink.digits(Math.floor(rest / 1000) % 60, 2);
    if (millis) {
      sink.byte(point);
      sink.digits(rest % 1000, 3);
    }
    sink.byte(zulu);
  };
}
